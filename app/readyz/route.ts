import { services } from '#lib/web/page-services.ts'

export const dynamic = 'force-dynamic'

/** Whether this server should be sent visitors. */
export async function GET(): Promise<Response> {
  const { ready, checks } = await services().health()
  return Response.json({ ok: ready, checks }, { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
