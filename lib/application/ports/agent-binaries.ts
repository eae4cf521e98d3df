/** Programs of agents, as files on this machine. */
export interface AgentBinaries {
  /**
   * The program of a version; many who ask at once share the work. Undefined when nobody released that version, rejects when it
   * cannot be fetched or is not what was released.
   */
  path(version: string): Promise<string | undefined>
}
