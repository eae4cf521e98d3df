import type { PlayLanguage } from './use-playground.ts'

/** Stands where the terminal would, with exactly what is missing. */
export function NotReady({ name, lacks }: { name: string; lacks: NonNullable<PlayLanguage['lacks']> }) {
  return (
    <section className="pane not-ready" aria-label="What is missing">
      <h2>{name} is not installed on this machine</h2>
      <p>You can write a program; running it needs:</p>
      <dl>
        <dt>{lacks.commands.length === 1 ? 'Command' : 'Commands'}</dt>
        <dd>
          <NameList names={lacks.commands} />
        </dd>
        {lacks.packages.length > 0 ? (
          <>
            <dt>{lacks.packages.length === 1 ? 'Debian package' : 'Debian packages'}</dt>
            <dd>
              <NameList names={lacks.packages} />
            </dd>
          </>
        ) : undefined}
      </dl>
      {lacks.packages.length > 0 ? <pre className="command">apt-get install {lacks.packages.join(' ')}</pre> : undefined}
    </section>
  )
}

const NameList = ({ names }: { names: readonly string[] }) => (
  <ul className="names">
    {names.map((name) => (
      <li key={name}>
        <code>{name}</code>
      </li>
    ))}
  </ul>
)
