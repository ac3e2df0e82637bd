/** Something that happened to what an alert is about, or to what it runs on, shortly before the alert. */
export interface Change {
  /** ISO 8601. */
  at: string
  /** In words, without the time: `radarr 5.21 → 5.22`. Texts from platforms are in it: make it safe before showing it. */
  what: string
  /** What tells it apart: `ReplicaSet 14`, `root@pam, OK`. */
  note?: string
}

/** What a look for changes came to. */
export interface ChangesFound {
  /** Newest first. */
  items: Change[]
  /** How many there were, those left out included. */
  total: number
  /** How many minutes before the alert were looked at. */
  minutes: number
  /** The tools that answered. */
  looked: string[]
  /** Tools that should have been asked and gave no answer, with why. */
  missed: { tool: string; because: string }[]
}
