import type { z } from 'zod'

import type { Session } from '#lib/application/sessions/session.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import { CODE_BYTES_MAX, type runBody, type TaskEnded } from '#lib/protocol/browser.ts'

import type { socketViewer } from './viewer-socket.ts'

/** A socket that watches a session: what its browser may do with it. */
export class Attached {
  readonly name = 'attached'
  readonly session: Session
  readonly viewer: ReturnType<typeof socketViewer>

  constructor(session: Session, viewer: ReturnType<typeof socketViewer>) {
    this.session = session
    this.viewer = viewer
  }

  async run({ files, args, flags, input }: z.infer<typeof runBody>): Promise<Result<{ job: number }, Problem>> {
    const texts = [...files.map(({ text }) => text), input ?? '']
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    if (bytes > CODE_BYTES_MAX) return err({ code: 'code_too_large', max: CODE_BYTES_MAX })
    const { main, prefix, suffix, takesArgs, takesFlags } = this.session.language
    if (args && args.length > 0 && !takesArgs) return err({ code: 'no_arguments', field: 'args' })
    if (flags && flags.length > 0 && !takesFlags) return err({ code: 'no_arguments', field: 'flags' })
    const whole = files.map((file) => (file.path === main ? { ...file, text: `${prefix}${file.text}${suffix}` } : file))
    return this.session.run({
      files: whole,
      ...(args && { args }),
      ...(flags && { flags }),
      ...(input !== undefined && { input }),
    })
  }

  async task(name: 'ensure'): Promise<Result<TaskEnded, Problem>> {
    const command = this.session.language[name]
    if (command === undefined) return err({ code: 'no_such_task', task: name })
    const ended = await this.session.task(command)
    if (!ended.ok) return ended
    const { code, signal, timedOut, outputSpent, output } = ended.value
    const how = { ...(code !== undefined && { code }), ...(signal !== undefined && { signal }), timedOut, outputSpent }
    return ok({ ...how, output: Buffer.from(output).toString() })
  }

  async leave(): Promise<Result<Record<string, never>, Problem>> {
    await this.session.end('left')
    return ok({})
  }

  resize(cols: number, rows: number): void {
    this.session.resize(terminalSize(cols, rows))
  }

  detach(): void {
    this.session.detach(this.viewer)
  }
}
