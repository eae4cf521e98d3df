/** Who somebody is, by a provider's word. */
export type SignedIn = {
  /** The provider's own id of them, which it gives to nobody else. */
  readonly subject: string
  readonly name: string
  /** Where they wanted to go, as it was said at the beginning. */
  readonly to: string
}

/** Set-Cookie headers that belong to an answer. */
type WithCookies = { readonly cookies: readonly string[] }
export type SignInBegun = WithCookies & { readonly location: string }
export type SignInEnded = WithCookies &
  ({ readonly kind: 'known'; readonly known: SignedIn } | { readonly kind: 'refused'; readonly why: string })

/** Somebody else who can say who a person is. Nothing of a sign-in is kept here: it is in the browser's own cookies, sealed. */
export interface SignInProvider {
  /** In records. */
  readonly id: string
  /** As people know it. */
  readonly name: string
  /** Where it sends people on to at first. */
  readonly origin: string
  /** Where it sends them back to. */
  readonly callbackPath: string
  /** Undefined when it cannot begin. */
  begin(to: string): Promise<SignInBegun | undefined>
  /** What its answer says, which came with these cookies. */
  end(query: URLSearchParams, cookie: string): Promise<SignInEnded>
}
