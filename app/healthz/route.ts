import { services } from '#lib/web/page-services.ts'

export const dynamic = 'force-dynamic'

/** Whether this server should be left running. */
export async function GET(): Promise<Response> {
  const { live, checks } = await services().health()
  return Response.json({ ok: live, checks }, { status: live ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
