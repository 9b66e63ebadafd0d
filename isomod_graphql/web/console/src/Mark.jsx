// The product's mark: two lines of a record, the third one masked.
export default function Mark({ size = 28 }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path d="M8 9h16M8 16h10" stroke="#fff" strokeWidth="3.2" strokeLinecap="round" />
      <g fill="#fff">
        <circle cx="9.6" cy="23" r="1.9" />
        <circle cx="16" cy="23" r="1.9" />
        <circle cx="22.4" cy="23" r="1.9" />
      </g>
    </svg>
  );
}
