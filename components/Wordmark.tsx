/** The product's sign and name. */
export function Wordmark() {
  return (
    <span className="flex items-center gap-2 font-semibold">
      <svg viewBox="0 0 128 128" width="20" height="20" aria-hidden="true">
        <rect x="4" y="4" width="120" height="120" rx="30" fill="#0b6b6a" />
        <path
          d="M66.2 31.7A35 35 0 1 0 95.7 70.1"
          fill="none"
          stroke="#fff"
          strokeWidth="15"
          strokeLinecap="round"
        />
        <circle cx="90" cy="42" r="12.5" fill="#8ff0dc" />
      </svg>
      OpenSync Companion
    </span>
  );
}
