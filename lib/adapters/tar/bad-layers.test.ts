import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'

import { LAYER_LIMITS, type LayerFault, type LayerLimits } from '#lib/domain/layer-entry.ts'
import { layerRules } from '#lib/domain/layer-rules.ts'
import { tarLayers } from './layers.ts'
import { file, folder, link, type Made, makeTar } from './testing/make-tar.ts'

const layers = tarLayers('/nonexistent')

async function lintAll(archives: readonly Buffer[], limits: LayerLimits = LAYER_LIMITS) {
  const rules = layerRules(limits)
  for (const archive of archives) {
    const linted = await layers.lint(Readable.from([archive]), rules)
    if (!linted.ok) return linted.error
  }
  return undefined
}
const lint = (...made: readonly Made[][]) => lintAll(made.map((entries) => gzipSync(makeTar(...entries))))

type Row = [name: string, code: LayerFault['code'], ...layers: Made[][]]
const base = [
  folder('.'),
  folder('etc'),
  file('etc/passwd', 'x'),
  folder('usr'),
  folder('usr/lib'),
  file('usr/lib/a'),
  link('lib', 'usr/lib'),
]

const ROWS: Row[] = [
  // Places
  ['an absolute path', 'bad_path', [file('/etc/passwd')]],
  ['a path that climbs', 'bad_path', [file('../up')]],
  ['a path that climbs in its middle', 'bad_path', [file('usr/../../up')]],
  ['a path that climbs by an extended header', 'bad_path', [{ ...file('x'), pax: { path: 'usr/../../up' } }]],
  ['a dot in a path', 'bad_path', [file('usr/./x')]],
  ['an empty name', 'bad_path', [file('usr//x')]],
  ['a line break in a path', 'bad_path', [file('usr/a\nb')]],
  ['a zero byte in a path', 'bad_path', [{ ...file('x'), pax: { path: 'usr/a\0b' } }]],
  ['an escape in a path', 'bad_path', [file('usr/\x1b[2J')]],
  ['bytes that are no text', 'bad_path', [{ ...file('x'), spoil: (block) => void block.write('\xff\xfe', 0, 'latin1') }]],
  ['a name of 256 bytes', 'bad_path', [{ ...file('x'), pax: { path: `usr/${'a'.repeat(256)}` } }]],
  ['the same file twice', 'duplicate', [...base, file('etc/passwd', 'y')]],
  ['the same folder twice, once with a slash', 'duplicate', [folder('etc'), { ...folder('etc'), path: 'etc' }]],
  ['a file and a link of one name', 'duplicate', [file('x'), link('x', 'y')]],
  // Kinds
  ['a character device', 'bad_kind', [{ path: 'null', type: '3' }]],
  ['a block device', 'bad_kind', [{ path: 'sda', type: '4' }]],
  ["overlay's own whiteout, a device", 'bad_kind', [...base], [{ path: 'etc/passwd', type: '3' }]],
  ['a named pipe', 'bad_kind', [{ path: 'pipe', type: '6' }]],
  ["GNU's sparse file", 'bad_kind', [{ path: 'sparse', type: 'S' }]],
  ["GNU's long name", 'bad_kind', [{ path: '././@LongLink', type: 'L', bytes: 'name' }]],
  ['a header for all that follows', 'bad_kind', [{ path: 'pax_global_header', type: 'g', bytes: '' }]],
  ['an unknown kind', 'bad_kind', [{ path: 'x', type: 'Z' }]],
  ['a folder with bytes', 'bad_archive', [{ ...folder('x'), bytes: 'bytes' }]],
  // Rights
  ['a set-user-id file', 'set_id', [{ ...file('su'), mode: 0o4755 }]],
  ['a set-group-id file', 'set_id', [{ ...file('wall'), mode: 0o2755 }]],
  ['a set-user-id folder', 'set_id', [{ ...folder('x'), mode: 0o4755 }]],
  ['a set-user-id hard link', 'set_id', [file('x'), { path: 'y', type: '1', target: 'x', mode: 0o4755 }]],
  ['a file with a capability', 'extended_attribute', [{ ...file('ping'), pax: { 'SCHILY.xattr.security.capability': 'x' } }]],
  ["overlay's own attribute", 'extended_attribute', [{ ...folder('x'), pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y' } }]],
  ['an access list', 'extended_attribute', [{ ...file('x'), pax: { 'SCHILY.acl.access': 'user::rwx' } }]],
  ['an owner that no sandbox has', 'bad_owner', [{ ...file('x'), pax: { uid: '2000000000' } }]],
  // Links
  ['a symbolic link that climbs out', 'bad_link', [...base, link('usr/lib/x', '../../../etc/shadow')]],
  ['a symbolic link that climbs out in its middle', 'bad_link', [link('x', '/usr/../../etc')]],
  ['a symbolic link to a descriptor', 'bad_link', [link('x', '/proc/self/fd/7')]],
  ['a symbolic link to the first process', 'bad_link', [link('x', '/proc/1/root')]],
  ['a symbolic link to a device', 'bad_link', [link('x', '/dev/mem')]],
  ['a symbolic link to nothing', 'bad_link', [link('x', '')]],
  ['a hard link out', 'bad_link', [{ path: 'x', type: '1', target: '../etc/shadow' }]],
  ['a hard link to an absolute path', 'bad_link', [...base, { path: 'x', type: '1', target: '/etc/passwd' }]],
  ['a hard link to what comes later', 'bad_link', [{ path: 'x', type: '1', target: 'y' }, file('y')]],
  ['a hard link to a symbolic one', 'bad_link', [...base, { path: 'x', type: '1', target: 'lib' }]],
  ['a hard link to a folder', 'bad_link', [...base, { path: 'x', type: '1', target: 'etc' }]],
  ['a hard link into the layer below', 'bad_link', [...base], [{ path: 'x', type: '1', target: 'etc/passwd' }]],
  ['a file through a link', 'through_link', [link('x', 'usr'), file('x/y')]],
  ['a file through a link of the layer below', 'through_link', [...base], [file('lib/x')]],
  ['a file through a file', 'through_link', [file('x'), file('x/y')]],
  [
    'a file through a link that replaced a folder',
    'through_link',
    [...base, folder('opt'), folder('opt/a')],
    [link('opt/a', '/etc'), file('opt/a/b')],
  ],
  // What runtimes mount on
  ['/dev as a link', 'reserved_path', [link('dev', '/tmp')]],
  ['/proc as a link', 'reserved_path', [link('proc', '/')]],
  ['/etc as a link', 'reserved_path', [link('etc', '/usr')]],
  ['/tmp as a file', 'reserved_path', [file('tmp')]],
  ['the root as a link', 'reserved_path', [{ path: '.', type: '2', target: '/' }]],
  ['/etc as a link in the second layer', 'reserved_path', [...base], [link('etc', '/usr')]],
  ['something in /dev', 'reserved_path', [folder('dev'), file('dev/null')]],
  ['something in /proc', 'reserved_path', [folder('proc'), file('proc/x')]],
  ['something where the home is mounted', 'reserved_path', [file('home/visitor/.bashrc')]],
  ['a program in place of the agent', 'reserved_path', [file('dragoman-agent')]],
  ['/bin as a link to elsewhere', 'reserved_path', [link('bin', '/tmp')]],
  // Whiteouts
  ['a whiteout in the first layer', 'bad_whiteout', [file('.wh.x')]],
  ['a whiteout of what is not there', 'bad_whiteout', [...base], [file('etc/.wh.shadow')]],
  ['a whiteout with bytes', 'bad_whiteout', [...base], [file('etc/.wh.passwd', 'x')]],
  ['a whiteout that is a folder', 'bad_whiteout', [...base], [folder('etc/.wh.passwd')]],
  ['a whiteout of nothing', 'bad_whiteout', [...base], [file('etc/.wh.')]],
  ['a whiteout of the folder itself', 'bad_whiteout', [...base], [file('etc/.wh..')]],
  ['a whiteout of the folder above', 'bad_whiteout', [...base], [file('etc/.wh...')]],
  ['a whiteout of a whiteout', 'bad_whiteout', [...base], [file('etc/.wh..wh.aufs')]],
  ['a whiteout of a mount point', 'bad_whiteout', [...base], [file('.wh.etc')]],
  ['an opaque mark in a mount point', 'bad_whiteout', [...base], [folder('etc'), file('etc/.wh..wh..opq')]],
  ['an opaque mark at the root', 'bad_whiteout', [...base], [folder('.'), file('.wh..wh..opq')]],
  ['a file and its whiteout', 'bad_whiteout', [...base], [file('etc/passwd'), file('etc/.wh.passwd')]],
  ['a whiteout and its file', 'bad_whiteout', [...base], [file('etc/.wh.passwd'), file('etc/passwd')]],
  ['one whiteout twice', 'bad_whiteout', [...base], [file('etc/.wh.passwd'), file('etc/.wh.passwd')]],
  // Sizes
  ['a file that says it is huge', 'too_large', [{ path: 'x', size: 0o77777777777 }]],
  ['a file that says by an extended header that it is huge', 'too_large', [{ ...file('x'), pax: { size: '10995116277760' } }]],
  ['a file of which a part is missing', 'truncated', [{ path: 'x', size: 1024, bytes: 'short' }]],
  // Headers
  ['a size in base 256', 'bad_archive', [{ path: 'x', spoil: (block) => void block.writeUInt8(0x80, 124) }]],
  ['a negative size', 'bad_archive', [{ path: 'x', spoil: (block) => void block.write('-0000000001', 124) }]],
  ['a mode with more than permissions', 'bad_archive', [{ path: 'x', mode: 0o100644 }]],
  ['a name that goes on behind its end', 'bad_archive', [{ path: 'x', spoil: (block) => void block.write('x\0y', 0) }]],
  ['an archive that is not POSIX', 'bad_archive', [{ path: 'x', spoil: (block) => void block.write('ustar  \0', 257) }]],
  ['an extended header that says a thing nobody knows', 'bad_archive', [{ ...file('x'), pax: { 'GNU.sparse.major': '1' } }]],
  [
    'an extended header after another',
    'bad_archive',
    [
      { path: 'x', type: 'x', bytes: '9 uid=12\n' },
      { ...file('y'), pax: { uid: '1' } },
    ],
  ],
]

describe('a bad layer is refused', () => {
  test.each(ROWS.map(([name, code, ...made]) => ({ name, code, made })))('$name', async ({ code, made }) => {
    expect(await lint(...made)).toMatchObject({ code })
  })

  test('with the checksum of a header wrong', async () => {
    const archive = makeTar(file('x'))
    archive.write('y', 0)
    expect(await lintAll([gzipSync(archive)])).toMatchObject({ code: 'bad_archive', why: 'the checksum of a header is wrong' })
  })

  test.each([
    ['without its end', makeTar(file('x', 'y')).subarray(0, -1024), 'truncated'],
    ['with half of its end', makeTar(file('x', 'y')).subarray(0, -512), 'truncated'],
    ['cut in a file', makeTar(file('x', 'y'.repeat(2000))).subarray(0, 1024), 'truncated'],
    ['cut in a header', makeTar(file('x', 'y')).subarray(0, 100), 'truncated'],
    ['with bytes behind its end', Buffer.concat([makeTar(file('x')), makeTar(file('y'))]), 'bad_archive'],
    ['empty', Buffer.alloc(0), 'truncated'],
  ] as const)('%s', async (_, archive, code) => {
    expect(await lintAll([gzipSync(archive)])).toMatchObject({ code })
  })

  test('that is no gzip, or cut', async () => {
    expect(await lintAll([makeTar(file('x'))])).toMatchObject({ code: 'bad_archive' })
    expect(await lintAll([gzipSync(makeTar(file('x'))).subarray(0, -20)])).toMatchObject({ code: 'bad_archive' })
  })

  test('that unpacks to a hundred times its size', async () => {
    const zeros = gzipSync(Buffer.concat([makeTar({ path: 'x', size: 100_000_000 }).subarray(0, 512), Buffer.alloc(100_000_000)]))
    expect(zeros.length).toBeLessThan(200_000)
    expect(await lintAll([zeros])).toMatchObject({ code: 'bomb' })
  })

  test('of more entries or bytes than an image may have, over all its layers', async () => {
    const small = { ...LAYER_LIMITS, entriesMax: 3, bytesMax: 10, fileBytesMax: 8 }
    const of = (...entries: Made[]) => gzipSync(makeTar(...entries))
    expect(await lintAll([of(file('a'), file('b')), of(file('c'), file('d'))], small)).toMatchObject({ code: 'too_many' })
    expect(await lintAll([of(file('a', '123456')), of(file('b', '12345'))], small)).toMatchObject({ code: 'too_large' })
    expect(await lintAll([of(file('a', '123456789'))], small)).toMatchObject({ code: 'too_large' })
    expect(await lintAll([of(file('a', '12345')), of(file('b', '12345'))], small)).toBeUndefined()
  })
})

describe('a good layer passes', () => {
  const GOOD: [string, Made[]][] = [
    ['a base', [...base, folder('dev'), folder('proc'), { ...folder('tmp'), mode: 0o1777 }]],
    [
      'what Debian links',
      [folder('etc'), link('etc/mtab', '../proc/self/mounts'), link('etc/x', '/usr/lib/x'), link('x', '/dev/null')],
    ],
    [
      'hard links to files before them',
      [file('a', 'x'), { path: 'b', type: '1', target: './a' }, { path: 'c', type: '1', target: 'b' }],
    ],
    ['long names', [{ ...file('x'), pax: { path: `usr/${'a'.repeat(255)}` } }]],
    ['names that are not English', [file('usr/Főtanúsítvány')]],
    ['a folder that gives its group', [{ ...folder('var'), mode: 0o2775 }]],
  ]
  test.each(GOOD)('%s', async (_, entries) => {
    expect(await lint(entries)).toBeUndefined()
  })

  test('that removes a file, empties a folder, and puts a folder in place of a link', async () => {
    const below = [...base, folder('opt'), folder('opt/a'), file('opt/a/b'), link('opt/c', 'a')]
    const above = [
      file('etc/.wh.passwd'),
      folder('opt'),
      folder('opt/a'),
      file('opt/a/.wh..wh..opq'),
      folder('opt/c'),
      file('opt/c/d'),
    ]
    expect(await lint(below, above)).toBeUndefined()
    expect(await lint(below, above, [file('opt/a/.wh.b')])).toMatchObject({ code: 'bad_whiteout' })
    expect(await lint(below, above, [file('etc/.wh.passwd')])).toMatchObject({ code: 'bad_whiteout' })
  })
})
