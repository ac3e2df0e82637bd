export type {
  Cause,
  Citation,
  Claim,
  Conclusion,
  Ending,
  Evidence,
  Finding,
  ModelUse,
  ProposedAction,
  ProposedPlan,
  Report,
} from '../domain/investigation.ts'
