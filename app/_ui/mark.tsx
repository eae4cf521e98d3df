/** Two speakers, and the interpreter between them. */
export const Mark = () => (
  <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M5 8l7 8-7 8M27 8l-7 8 7 8" />
    <circle cx="16" cy="16" r="2.4" />
  </svg>
)
