import { dlopen } from 'bun:ffi'

const { symbols: libc } = dlopen('libc.so.6', {
  prctl: { args: ['int', 'u64', 'u64', 'u64', 'u64'], returns: 'int' },
})

const PR_SET_DUMPABLE = 4

/** From now on whoever has our id and our rights may neither read nor trace us. */
export function hide(): void {
  libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
}
