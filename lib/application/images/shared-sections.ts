/** Where what shared packages brought is kept, out of the way of what is made after them. */
const KEPT = '/shared'

/** After a shared package's recipe: what it made is installed for those after it, whose own packages begin empty. */
export const keepShared = (n: number): string => `
mkdir -p ${KEPT}
tar --create --file=${KEPT}/${n}.tar --directory="$pkg" .
tar --extract --file=${KEPT}/${n}.tar --directory=/ --keep-directory-symlink
rm -rf "$pkg"
`

/** After the language's own recipe: what it shares goes to where it has nothing itself, the nearest first. */
export const addShared = (count: number): string =>
  Array.from(
    { length: count },
    (_, n) => `tar --extract --file=${KEPT}/${count - 1 - n}.tar --directory="$pkg" --skip-old-files\n`,
  ).join('')
