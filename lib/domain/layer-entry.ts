/** What one header of a layer says, before anybody believed it. */
export type LayerEntry = {
  /** As written, without a leading `./` and a trailing slash; the root itself is empty. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'symlink' | 'hardlink'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Of both kinds of links. */
  readonly target: string
}

/** Why a layer is refused; `path` is for a person to find it by. */
export type LayerFault = {
  readonly code:
    | 'bad_archive'
    | 'truncated'
    | 'bad_path'
    | 'bad_kind'
    | 'bad_owner'
    | 'set_id'
    | 'extended_attribute'
    | 'duplicate'
    | 'reserved_path'
    | 'bad_link'
    | 'through_link'
    | 'bad_whiteout'
    | 'too_large'
    | 'too_many'
    | 'bomb'
  readonly path: string
  readonly why: string
}

export type LayerLimits = {
  readonly entriesMax: number
  readonly fileBytesMax: number
  readonly bytesMax: number
  /** Unpacked to packed, once there is enough of it to tell. */
  readonly ratioMax: number
}
export const LAYER_LIMITS: LayerLimits = {
  entriesMax: 500_000,
  fileBytesMax: 2 * 1024 ** 3,
  bytesMax: 8 * 1024 ** 3,
  ratioMax: 100,
}
/** Less than this is no bomb. */
export const RATIO_BYTES_MIN = 64 * 1024 * 1024
