/** The package version, put in by the build (`scripts/build.mjs`). */
declare const STEWARD_VERSION: string | undefined;

export const VERSION: string = typeof STEWARD_VERSION === 'string' ? STEWARD_VERSION : '0.0.0-source';
