export { type ContractOptions, toolContract } from './contract.ts'
export { type GrantParts, type GrantSigner, grantSigner } from './grant-signer.ts'
export { hangingPort } from './hanging-port.ts'
export { type TestServer, testServer } from './test-server.ts'
