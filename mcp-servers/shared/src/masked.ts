/** What stands where something was that nobody may see. */
export const MASKED = '[masked]'
