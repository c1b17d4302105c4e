/** The journal of the Codex home in play, as commands open it. */
export { openJournal } from '../codex/home-journal.ts';
