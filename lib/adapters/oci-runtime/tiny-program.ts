const BASE = 0x08048000
const HEADERS_BYTES = 52 + 32

/** `mov eax, 1 (exit) · mov ebx, 42 · int 0x80`: the door through which 32-bit programs call the kernel. */
const CODE = [0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80]

/** The least ELF file for i386 that ends with status 42, as escapes for printf. */
export function tiny32BitProgram(): string {
  const file = Buffer.alloc(HEADERS_BYTES + CODE.length)
  file.write('\x7fELF\x01\x01\x01', 'latin1')
  file.writeUInt16LE(2, 16) // executable
  file.writeUInt16LE(3, 18) // i386
  file.writeUInt32LE(1, 20)
  file.writeUInt32LE(BASE + HEADERS_BYTES, 24) // entry
  file.writeUInt32LE(52, 28) // where the one segment is described
  file.writeUInt16LE(52, 40)
  file.writeUInt16LE(32, 42)
  file.writeUInt16LE(1, 44)
  file.writeUInt32LE(1, 52) // load
  file.writeUInt32LE(BASE, 60)
  file.writeUInt32LE(BASE, 64)
  file.writeUInt32LE(file.length, 68)
  file.writeUInt32LE(file.length, 72)
  file.writeUInt32LE(5, 76) // read, execute
  file.writeUInt32LE(0x1000, 80)
  file.set(CODE, HEADERS_BYTES)
  return [...file].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
