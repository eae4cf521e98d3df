import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

import type { SandboxedAgent } from './sandboxed-agent.ts'

/** Listens on every address, and hangs up on whoever comes. */
const LISTENER = `require('node:net').createServer((socket) => socket.destroy()).listen(8080, '::', () => console.log('listening'))`
const PORT = 8080

/** What is around a sandbox that has a network: another network beside it, where somebody listens, with a firewall of its own. */
export class Outside {
  /** Somebody listens there. */
  static readonly targets = [`10.98.0.1:${PORT}`, `[fd98::1]:${PORT}`]
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async around(agent: SandboxedAgent): Promise<Outside> {
    const child = spawn('unshare', ['--net', process.execPath, '-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (child.stdout) await once(child.stdout, 'data')
    const outside = new Outside(child)
    outside.#run('ip', 'link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(agent.pid))
    for (const address of ['10.98.0.1/24', 'fd98::1/64'])
      outside.#run('ip', 'addr', 'add', address, 'dev', 'out', ...nodad(address))
    outside.#run('ip', 'link', 'set', 'out', 'up')
    const inside = (...args: string[]) => inNetwork(agent.pid, ['ip', ...args])
    for (const address of ['10.98.0.2/24', 'fd98::2/64']) inside('addr', 'add', address, 'dev', 'eth0', ...nodad(address))
    inside('link', 'set', 'eth0', 'up')
    return outside
  }

  /** What comes from the sandbox is answered by a refusal, or never. */
  wallOff(how: 'DROP' | 'REJECT'): void {
    for (const iptables of ['iptables', 'ip6tables']) this.#run(iptables, '-A', 'INPUT', '-p', 'tcp', '-i', 'out', '-j', how)
  }

  tearDown(): void {
    for (const iptables of ['iptables', 'ip6tables']) this.#run(iptables, '-F', 'INPUT')
  }

  /** All that is not beside it is to be reached there too. */
  routeAll(agent: SandboxedAgent): void {
    inNetwork(agent.pid, ['ip', 'route', 'add', 'default', 'via', '10.98.0.1'])
  }

  /** On the port where clouds have it. */
  answerAsMetadata(): void {
    this.#run('ip', 'addr', 'add', '169.254.169.254/32', 'dev', 'out')
    this.#run(
      'iptables',
      '-t',
      'nat',
      '-A',
      'PREROUTING',
      '-p',
      'tcp',
      '--dport',
      '80',
      '-j',
      'REDIRECT',
      '--to-ports',
      String(PORT),
    )
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }

  #run(...command: string[]): void {
    inNetwork(this.#child.pid ?? 0, command)
  }
}

// An address that is first looked for among the neighbours cannot be used for a second.
const nodad = (address: string) => (address.includes(':') ? ['nodad'] : [])

function inNetwork(pid: number, command: string[]): void {
  execFileSync('nsenter', ['--net', '--target', String(pid), ...command], { stdio: ['ignore', 'ignore', 'inherit'] })
}
