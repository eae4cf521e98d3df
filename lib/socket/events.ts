import { z } from 'zod'

import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import {
  ackArgs,
  BAD_MESSAGES_MAX,
  formatBody,
  INPUT_BYTES_MAX,
  inputArgs,
  lspAckArgs,
  lspInputArgs,
  lspStopArgs,
  nothing,
  resizeArgs,
  resumeBody,
  runBody,
  startBody,
  taskBody,
  type Answer,
} from '#lib/protocol/browser.ts'
import { errorText } from '#lib/application/ports/log.ts'

import type { BrowserSocket } from './viewer-socket.ts'
import type { Visitor, VisitorWorld } from './visitor.ts'

type Reply = (answer: Answer<unknown>) => void
const NO_SESSION = err({ code: 'no_session' } as const)

/**
 * Every event a browser may send, with its schema. Anything else, and anything not of its form, is counted, answered
 * `bad_message` where it can be answered, and ends the socket when there was too much of it.
 */
export function listen(socket: BrowserSocket, visitor: Visitor, { metrics, log }: VisitorWorld): void {
  let bad = 0
  const isBad = (type: string, reply?: unknown, field?: string) => {
    metrics.count('dragoman_ws_bad_messages_total', { type })
    const problem: Problem = { code: 'bad_message', ...(field && { field }) }
    if (typeof reply === 'function') (reply as Reply)({ ok: false, error: problem })
    else socket.emit('problem', problem)
    bad += 1
    if (bad >= BAD_MESSAGES_MAX) socket.disconnect(true)
  }

  const calls = {
    start: call(startBody, (body, answer) => visitor.start(body, answer)),
    resume: call(resumeBody, (body, answer) => visitor.resume(body, answer)),
    run: call(runBody, async (body, answer) => answer((await visitor.attached()?.run(body)) ?? NO_SESSION)),
    repl: call(nothing, async (_, answer) => answer((await visitor.attached()?.session.repl()) ?? NO_SESSION)),
    task: call(taskBody, async (body, answer) => answer((await visitor.attached()?.task(body.name)) ?? NO_SESSION)),
    format: call(formatBody, async (body, answer) => answer((await visitor.attached()?.session.format(body.text)) ?? NO_SESSION)),
    lsp: call(nothing, async (_, answer) => answer((await visitor.attached()?.session.startServer()) ?? NO_SESSION)),
    version: call(nothing, async (_, answer) => answer((await visitor.version()) ?? NO_SESSION)),
    leave: call(nothing, async (_, answer) => answer((await visitor.attached()?.leave()) ?? NO_SESSION)),
    stop: call(nothing, async (_, answer) => {
      visitor.attached()?.session.stop()
      answer(visitor.attached() ? ok({}) : NO_SESSION)
    }),
  }
  const sends = {
    input: send(inputArgs, ([offset, bytes]) => {
      if (bytes.length > INPUT_BYTES_MAX) return false
      visitor.attached()?.session.input(offset, bytes)
      return true
    }),
    'lsp-input': send(lspInputArgs, ([server, bytes]) => void visitor.attached()?.session.serverInput(server, bytes)),
    'lsp-ack': send(lspAckArgs, ([server, offset]) => void visitor.attached()?.session.serverAck(server, offset)),
    'lsp-stop': send(lspStopArgs, ([server]) => void visitor.attached()?.session.stopServer(server)),
    ack: send(ackArgs, ([offset]) => void visitor.attached()?.session.ack(offset)),
    resize: send(resizeArgs, ([cols, rows]) => void visitor.attached()?.resize(cols, rows)),
  }

  socket.onAny((event: string, ...args: unknown[]) => {
    if (Object.hasOwn(calls, event)) {
      metrics.count('dragoman_ws_messages_total', { type: event })
      const [body, reply] = args
      if (typeof reply !== 'function') return isBad(event)
      void calls[event as keyof typeof calls](body, reply as Reply)
    } else if (Object.hasOwn(sends, event)) {
      metrics.count('dragoman_ws_messages_total', { type: event })
      if (!sends[event as keyof typeof sends](args)) isBad(event)
    } else isBad('unknown', args.at(-1))
  })

  function call<S extends z.ZodType>(
    schema: S,
    act: (body: z.infer<S>, answer: (result: Result<unknown, Problem>) => void) => Promise<void>,
  ) {
    return async (body: unknown, reply: Reply) => {
      const parsed = schema.safeParse(body)
      if (!parsed.success) return isBad('form', reply, parsed.error.issues[0]?.path.join('.'))
      try {
        await act(parsed.data, reply as (result: Result<unknown, Problem>) => void)
      } catch (error) {
        log.error('call failed', { error: errorText(error) })
        reply({ ok: false, error: { code: 'lost' } })
      }
    }
  }

  /** False when the arguments are not of their form. */
  function send<S extends z.ZodType>(schema: S, act: (args: z.infer<S>) => boolean | void) {
    return (args: unknown[]): boolean => {
      const parsed = schema.safeParse(args)
      return parsed.success && act(parsed.data) !== false
    }
  }
}
