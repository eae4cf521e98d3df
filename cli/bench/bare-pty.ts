import { spawn } from 'node:child_process'

/** A command on a pty of this machine, made by `script`: no sandbox, no server, no network. */
export async function barePty(command: string) {
  const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let [tail, bytes] = ['', 0]
  const waiting = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    tail = (tail + chunk.subarray(-4096).toString('latin1')).slice(-8192)
    for (const look of waiting) look()
  })
  const ended = new Promise<number>((done) => child.once('exit', () => done(performance.now())))
  return {
    ended,
    bytes: () => bytes,
    mark: () => void (tail = ''),
    type: (text: string) => void child.stdin.write(text),
    saw: (text: string) =>
      new Promise<number>((done) => {
        const look = () => {
          if (!tail.includes(text)) return
          waiting.delete(look)
          done(performance.now())
        }
        waiting.add(look)
        look()
      }),
    close: () => void child.kill('SIGKILL'),
  }
}
