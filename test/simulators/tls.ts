import './kubernetes/reflect-metadata.ts'
import { randomBytes, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

type Key = webcrypto.CryptoKeyPair

/** A certificate and its private key (PKCS#8), both PEM. */
export interface KeyPair {
  certificate: string
  key: string
}

export interface ClientSubject {
  commonName: string
  /** What Kubernetes reads as groups and Talos as roles. */
  organizations?: string[]
  /** Days until it expires, 365 by default; below zero makes one that has expired. */
  days?: number
}

/** A certificate authority that lives as long as its test; nothing of it is trusted by the machine. */
export interface CertificateAuthority {
  /** The authority's own certificate, PEM: what a client puts in its `ca`. */
  certificate: string
  /** A server certificate for 127.0.0.1, ::1, localhost and the names given. */
  issueServer(names?: string[]): Promise<KeyPair>
  /** A client certificate whose subject says who it is. */
  issueClient(subject: ClientSubject): Promise<KeyPair>
}

const DAY = 24 * 60 * 60 * 1000

/** Makes a certificate authority with keys of the given algorithm (Talos uses Ed25519, most others P-256). */
export async function createAuthority(
  commonName = 'simulated-ca',
  algorithm: 'P-256' | 'Ed25519' = 'P-256',
): Promise<CertificateAuthority> {
  const keys = await newKeys(algorithm)
  const issuer = `CN=${commonName}`
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: issuer,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 3650 * DAY),
    keys,
    signingAlgorithm: signing(algorithm),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })

  async function issue(subject: string, days: number, usage: ExtendedKeyUsage, names: string[]): Promise<KeyPair> {
    const own = await newKeys(algorithm)
    const expires = Date.now() + days * DAY
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer,
      notBefore: new Date(Math.min(Date.now(), expires) - DAY),
      notAfter: new Date(expires),
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: signing(algorithm),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length > 0 ? [alternativeNames(names)] : []),
      ],
    })
    const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', own.privateKey), 'PRIVATE KEY')
    return { certificate: certificate.toString('pem'), key }
  }

  return {
    certificate: root.toString('pem'),
    issueServer(names = []) {
      return issue('CN=simulated-server', 365, ExtendedKeyUsage.serverAuth, ['127.0.0.1', '::1', 'localhost', ...names])
    },
    issueClient({ commonName, organizations = [], days = 365 }) {
      const subject = [...organizations.map((name) => `O=${name}`), `CN=${commonName}`].join(', ')
      return issue(subject, days, ExtendedKeyUsage.clientAuth, [])
    },
  }
}

function newKeys(algorithm: 'P-256' | 'Ed25519'): Promise<Key> {
  const parameters = algorithm === 'P-256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' }
  return webcrypto.subtle.generateKey(parameters, true, ['sign', 'verify']) as Promise<Key>
}

function signing(algorithm: 'P-256' | 'Ed25519') {
  return algorithm === 'P-256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' }
}

function alternativeNames(names: string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const), value })),
  )
}

/** A positive serial number: the first bit is cleared, or DER reads it as negative. */
function serial(): string {
  const bytes = randomBytes(12)
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  return bytes.toString('hex')
}
