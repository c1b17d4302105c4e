/** The subject of findings that rest on log lines alone; they give way to a finding of the same id with a cause on disk. */
export const LOG_SUBJECT = 'recent logs';
