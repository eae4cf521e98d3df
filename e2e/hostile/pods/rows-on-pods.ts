/** Rows that `npm run test:k8s` does in pods of their own, beside each other. */
export const EACH_ITS_OWN = [2, 3, 16, 17, 22, 23, 28, 30, 31, 37]
/** Rows that leave nothing behind, so that one pod is enough for all of them. */
export const ASKED = [8, 11, 35, 39, 40, 41, 43, 46]
/** The same by the formatter and the language server, of which one pod each is enough. */
export const ASKED_BY_TOOLS = [139, 140, 141, 143, 239, 240, 241, 243]

const HAS_NETWORK =
  'a pod has a network, which policies close: pods.k8s.test.ts tries those addresses, and lib/application/sandbox-test/ does in each image'
/** By the number of the first; those through the tools are the same programs. All else is done by `npm run test:faults`. */
export const NOT_ON_PODS: Readonly<Record<number, string>> = {
  49: HAS_NETWORK,
  50: HAS_NETWORK,
  51: HAS_NETWORK,
  52: HAS_NETWORK,
  53: HAS_NETWORK,
  56: 'no server reads what a pod has computed before its program ends, so that nobody is told of one who computes for minutes',
}

/** Why a row is not done on pods, if so. */
export const whyNot = (number: number): string | undefined => NOT_ON_PODS[number % 100]
