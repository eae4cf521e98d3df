import { services } from '#lib/web/page-services.ts'

export const dynamic = 'force-dynamic'

/** The counters in the text form that Prometheus reads. */
export async function GET(): Promise<Response> {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(await services().metrics(), { headers })
}
