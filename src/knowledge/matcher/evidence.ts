/** The lines of a short text that speak for a failure. */
import { createLineShower, lineAt, lineShape, lineStarts, timeOf } from './lines.ts';
import type { Hit } from './signals.ts';
import type { MatchEvidence } from './verdict.ts';

const MAX_EVIDENCE = 6;

/** Reads lines of this text; each line is shown once, however many signals it shows. */
export function createEvidenceReader(
  source: string,
): (hits: readonly Pick<Hit, 'spans'>[]) => MatchEvidence[] {
  const starts = lineStarts(source);
  const lineText = (line: number) => source.slice(starts[line], (starts[line + 1] ?? source.length + 1) - 1);
  const show = createLineShower(source);
  let shapes: Map<number, number[]> | undefined;
  const linesAlike = (text: string): number[] => {
    if (!shapes) {
      shapes = new Map();
      for (let line = 0; line < starts.length; line++) {
        const shape = lineShape(lineText(line));
        const lines = shapes.get(shape);
        if (lines) lines.push(line);
        else shapes.set(shape, [line]);
      }
    }
    return shapes.get(lineShape(text)) ?? [];
  };
  return (hits) => {
    const offsets = new Map<number, number>();
    for (const span of hits.flatMap((hit) => hit.spans)) {
      const line = lineAt(starts, span.start);
      if (!offsets.has(line)) offsets.set(line, span.start - (starts[line] as number));
    }
    const shown = new Set<number>();
    const evidence: MatchEvidence[] = [];
    for (const [line, offset] of [...offsets].sort((a, b) => a[0] - b[0])) {
      const text = lineText(line);
      if (evidence.length >= MAX_EVIDENCE || shown.has(lineShape(text))) continue;
      shown.add(lineShape(text));
      const alike = linesAlike(text);
      const times = alike.map((other) => timeOf(lineText(other))).filter((time) => time !== null);
      evidence.push({
        line: line + 1,
        text: show(text, offset),
        count: Math.max(1, alike.length),
        firstAtMs: times.length > 0 ? smallest(times) : null,
        lastAtMs: times.length > 0 ? largest(times) : null,
      });
    }
    return evidence;
  };
}

function smallest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time));
}

function largest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time));
}
