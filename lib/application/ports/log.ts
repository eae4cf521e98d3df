/** Facts about an event; ids, counts and codes. Never a visitor's program, input or output. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Log {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields: LogFields & { readonly error: string }): void
}

/** The name and message of anything thrown, for a log line. */
export const errorText = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
