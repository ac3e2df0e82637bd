import { createPrivateKey, type KeyObject } from 'node:crypto'
import { Wrong } from './parsers.ts'

const REMEDY = 'set it to an Ed25519 private key in PEM, made by openssl genpkey -algorithm ed25519'

/** An Ed25519 private key as PEM; line ends may be written as \n, as they are in files of environment variables. */
export function ed25519Key(value: string): string {
  const pem = value.replaceAll('\\n', '\n')
  if (readKey(pem).asymmetricKeyType !== 'ed25519') throw new Wrong(REMEDY)
  return pem
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new Wrong(REMEDY)
  }
}
