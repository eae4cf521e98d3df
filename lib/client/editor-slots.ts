import { Compartment, type Extension, type StateEffect } from '@codemirror/state'

type Make = (path: string) => Extension

/**
 * Places in an editor's configuration that are filled later. States of files that are not shown do not hear of it, so what
 * fills each is remembered and put into a state when it is shown. Earlier slots go before later ones.
 */
export function slots(names: readonly string[]) {
  const compartments = new Map(names.map((name) => [name, new Compartment()] as const))
  const fillings = new Map<string, Make>()
  const effect = (name: string, make: Make, path: string): StateEffect<unknown>[] => {
    const compartment = compartments.get(name)
    if (!compartment) throw new Error(`There is no slot "${name}" in the editor`)
    return [compartment.reconfigure(make(path))]
  }
  return {
    empty: [...compartments.values()].map((compartment) => compartment.of([])),
    set(name: string, make: Make, path: string): StateEffect<unknown>[] {
      fillings.set(name, make)
      return effect(name, make, path)
    },
    all: (path: string): StateEffect<unknown>[] => [...fillings].flatMap(([name, make]) => effect(name, make, path)),
  }
}
