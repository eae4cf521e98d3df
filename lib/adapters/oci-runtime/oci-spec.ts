/** The part of an OCI runtime's `config.json` that is written here. */
export type OciSpec = {
  readonly ociVersion: string
  readonly hostname: string
  readonly root: { readonly path: string; readonly readonly: boolean }
  readonly process: OciProcess
  readonly mounts: readonly OciMount[]
  readonly linux: {
    readonly cgroupsPath?: string
    readonly namespaces: readonly { readonly type: string }[]
    readonly uidMappings?: readonly IdMapping[]
    readonly gidMappings?: readonly IdMapping[]
    readonly maskedPaths: readonly string[]
    readonly readonlyPaths: readonly string[]
    readonly resources: OciResources
    readonly seccomp: SeccompFilter
  }
}

export type OciProcess = {
  readonly terminal: boolean
  readonly user: { readonly uid: number; readonly gid: number }
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly capabilities: Readonly<Record<'bounding' | 'effective' | 'permitted' | 'inheritable' | 'ambient', readonly string[]>>
  readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[]
  readonly noNewPrivileges: boolean
  readonly oomScoreAdj: number
}

export type OciMount = {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

export type IdMapping = { readonly containerID: number; readonly hostID: number; readonly size: number }

export type OciResources = {
  readonly devices: readonly { readonly allow: boolean; readonly access: string }[]
  readonly memory: { readonly limit: number; readonly swap?: number }
  readonly cpu: { readonly quota: number; readonly period: number }
  readonly pids: { readonly limit: number }
}

export type SeccompFilter = {
  readonly defaultAction: SeccompAction
  readonly defaultErrnoRet: number
  readonly architectures: readonly string[]
  readonly syscalls: readonly SeccompRule[]
}

export type SeccompAction = 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO' | 'SCMP_ACT_TRACE'

export type SeccompRule = {
  readonly names: readonly string[]
  readonly action: SeccompAction
  readonly errnoRet?: number
  readonly args?: readonly SeccompArg[]
}

export type SeccompArg = {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_GE' | 'SCMP_CMP_MASKED_EQ'
}
