export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'superseded'

/** one: any operator · two: two distinct people, one of them an admin · self_two: one person, the name typed, twice. */
export type Asks = 'one' | 'two' | 'self_two'

export interface Vote {
  person: string
  role: string
  verdict: 'approve' | 'typed' | 'confirm' | 'reject'
  at: Date
}

export interface Approval {
  id: string
  planId: string
  incidentId: number
  /** The actions it covers, by index in the plan. */
  actions: number[]
  attempt: number
  asks: Asks
  status: ApprovalStatus
  /** Why it is asked, in words for people. */
  because: string
  digest: string
  requestedAt: Date
  expiresAt: Date
  decidedAt: Date | null
  decidedBy: string | null
}

/** What people may press. Each is a value the graph resumes with, a change of the record, or a look. */
export type Verb =
  | 'approve'
  | 'confirm'
  | 'reject'
  | 'modify'
  | 'ignore'
  | 'snooze'
  | 'taken'
  | 'details'
  | 'menu'
  | 'undo'
  | 'rest'
  | 'again'
  | 'choose'
  | 'plan'
  | 'ask_cloud'
  | 'check_again'
  | 'run_again'
  | 'abandon'
