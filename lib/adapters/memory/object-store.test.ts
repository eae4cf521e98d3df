import { CONTRACT_BYTES_MAX, objectStoreContract } from '#lib/application/ports/object-store.contract.ts'
import { memoryObjectStore } from './object-store.ts'

objectStoreContract(async () => memoryObjectStore({ bytesMax: CONTRACT_BYTES_MAX }))
