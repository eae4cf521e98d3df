import type { About } from '#lib/web/present-about.ts'

/** What a language is, with the commands that are used here and where to read on. */
export function AboutLanguage({ about: { desc, facts, commands, links } }: { about: About }) {
  return (
    <>
      {desc ? <p className="about-desc">{desc}.</p> : undefined}
      <dl className="facts">
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <dl className="commands">
        {commands.map(({ name, shell }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {/* Long ones scroll, and what scrolls must be within reach of the keyboard. */}
              {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <pre tabIndex={0}>{shell}</pre>
            </dd>
          </div>
        ))}
      </dl>
      {links.length > 0 ? (
        <ul className="about-links" aria-label="Read on">
          {links.map(({ words, href }) => (
            <li key={words}>
              <a href={href} rel="noreferrer" target="_blank">
                {words}
              </a>
            </li>
          ))}
        </ul>
      ) : undefined}
    </>
  )
}
