/** What sentences tell about attempts: it worked, it did not, I see it too. English wordings, judged by the whole sentence. */
import type { Passage } from './passages.ts';

export type Outcome = 'worked' | 'failed' | 'affected' | null;

/** What a person does about a problem, as a deed: `Renaming it`, `I downgraded`. */
const DEED =
  /\b(?:(?:re|un)?install(?:ed|ing)|(?:re)?start(?:ed|ing)|reboot(?:ed|ing)|launch(?:ed|ing)|downgrad(?:e|ed|ing)|upgrad(?:e|ed|ing)|updat(?:e|ed|ing)|roll(?:ed|ing)?[- ]?back|revert(?:ed|ing)?|renam(?:e|ed|ing)|remov(?:e|ed|ing)|delet(?:e|ed|ing)|clear(?:ed|ing)|creat(?:ed|ing)|chang(?:ed|ing)|modif(?:ied|ying)|edit(?:ed|ing)|mov(?:ed|ing)|set(?:ting)?|add(?:ed|ing)|disabl(?:e|ed|ing)|enabl(?:e|ed|ing)|switch(?:ed|ing)|clos(?:ed|ing)|open(?:ed|ing)|log(?:ged|ging)? (?:in|out|back)|sign(?:ed|ing)? (?:in|out)|re-?pair(?:ed|ing)|rebuil(?:t|ding)|(?:ex|im)port(?:ed|ing)|run(?:ning)?|ran(?! into)|us(?:ed|ing)|pin(?:ned|ning)|unset(?:ting)?|turn(?:ed|ing)? (?:on|off)|kill(?:ed|ing)|patch(?:ed|ing)|replac(?:ed|ing)|(?:sym)?link(?:ed|ing)|forward(?:ed|ing)|allow(?:ed|ing)|doing|did)\b/i;
/** A remedy as a thing. */
const THING =
  /\b(?:(?:re)?install|restart|reboot|downgrade|upgrade|update|roll-?back|work-?around|fix|solution|instructions?|suggestions?|steps|command|method|profile|setting|change|flag|option|patch|version)\b/i;
const RESULT =
  /\b(?:fixe[sd]|solve[sd]?|resolve[sd]?|restore[sd]?|cure[sd]|helped|works?|worked|working|disappear(?:s|ed)|went away|(?:is|are|was|were) gone|(?<!could |can |would )no longer|back to normal|pass(?:es|ed)?|had the effect|did the trick)\b/i;
/** What a remedy does at once. */
const REMEDIES =
  /^[^.!?,;]{0,40}\b(?:fixe[sd]|solve[sd]|resolve[sd]|restore[sd]|helped|did (?:it|the trick)|worked)\b/i;
const PLAIN_SUCCESS =
  /\b(?:work(?:s|ed)? (?:for (?:me|us|you)|great|perfectly|flawlessly|like a charm|again|now|too|as well)|did (?:it|the trick) for (?:me|us)|that did it|fixed (?:it|this|that|mine|my|the (?:issue|problem|error|bug))|(?:solved|resolved) (?:it|this|that|mine|my|the (?:issue|problem|error|bug))|fixed (?:in|by|with|on|as of|since)\b|(?:has|have) been (?:fixed|addressed|resolved|solved)\b|(?:I|we) (?:have )?(?:just |finally |successfully )?(?:fixed|solved|resolved|managed to)|able to (?:fix|solve|resolve|get (?:it|this)|connect|log ?in|sign in|start)|(?:got|get|getting) (?:it|this|things|everything) (?:to work|working|running)|to solve (?:it|this)|(?:enough|sufficient) to (?:fix|solve|resolve)|(?:makes?|made|causes?) (?:\w+ ){1,3}?(?:to )?work\b|(?:is|was|are) working (?:again|now|fine|flawlessly)|now (?:everything )?(?:seems to )?(?:works?|installs?|starts?|connects?|loads?)|stopped (?:coming up|happening|appearing|occurring)|finally (?:paired|connected|started|worked|works))\b/i;
const SHORT_SUCCESS =
  /^(?:@\S+[ ,]+)?(?:(?:thanks|thank you|yes|yep|great|perfect|awesome|cool)[\w ]{0,20}[,.!:]+ ?)?(?:(?:it|this|that) )?(?:just )?work(?:s|ed)\b/i;
const GOOD_VERSION =
  /\b(?:last (?:good|working|known good)(?: version)?\b.{0,20}\d+\.\d+|(?:version |v)\d+\.\d[\w.-]* (?:works?|worked|is (?:fine|ok|good)|was (?:fine|ok|good))|does(?:n['’]t| not) (?:happen|occur) (?:in|on|with) v?\d+\.\d)/i;
/** It worked elsewhere, once, or is wished for. */
const NO_SUCCESS =
  /\b(?:should(?: have)?(?: be)?|would(?: be)?|could|might|may|must|will|hope(?:fully)?|expect(?:ed)? to|supposed to|used to|only) (?:\w+ )?(?:fix|work|help|solve|resolve)|worked (?:fine |well |great )?(?:before|until|previously|yesterday|on(?:ce| the)|in (?:the )?(?:previous|older?))|stopped working|no(?:t| longer) work|^(?:but |however,? )?(?:when|if|while|as long as|unless|until)\b|\b(?:would|could|can|did) (?:any|some)(?:one|body)|\b(?:please|whether|let (?:me|us)? ?know)\b|\?\s*$/i;
/** Told in the first person it outweighs what else the sentence complains of. */
const TOLD_SUCCESS =
  /^(?:later,? |finally,? |then,? |ok,? )?(?:i|we) (?:have |just |finally |successfully |['’]ve )*(?:managed|fixed|solved|resolved|was able|were able|got it|modified|downgraded|upgraded)\b/i;

const NOT =
  "(?:did|does|do|would|will|is|was|are|were|could|can)(?:n['’]?t| not| nothing)(?! (?:need|have|want) to)";
const NO_REMEDY = new RegExp(
  `\\b${NOT}\\b[^.!?]{0,40}\\b(?:help|fix|solve|resolve|cure|recover|restore|(?<!no )matter|make (?:a|any) difference|decisive)\\w*`,
  'i',
);
const NO_WORK = new RegExp(`\\b${NOT}\\b[^.!?]{0,20}\\bwork(?:ed|ing|s)?\\b`, 'i');
const IN_VAIN =
  /\b(?:no luck|to no avail|in vain|without (?:any )?(?:suc+es+|luck|effect)|no (?:effect|difference|success|improvement)|(?:nothing|none(?: of (?:the(?:m|se)?|those|this|that|it|my)(?: \w+)?)?) (?:has |have )?(?:help|work|fix|chang|solv|resolv|provid|made)\w*|neither\b[^.!?]{0,80}\b(?:fix|help|work|solv|resolv)\w*|remains? the same|still (?:the )?same|same (?:as|like) before|returned the same|(?:all|both) (?:of (?:them|these) )?failed)\b/i;
const STILL =
  /\bstill (?:reproducib\w+|reproduc\w+|present|broken|happen\w*|there|persist\w*|exists?|occur\w*|fail\w*|see(?:ing)?|get(?:ting)?|ha(?:ve|s|ving)|hit\w*|stuck|stay\w*|shows?|experienc\w+|affected|unable|not|can(?:['’]t|not)|could(?:n['’]?t| not)|do(?:es)?(?:n['’]?t| not)|doesnt)\b|\bnot (?:yet )?(?:been )?(?:fixed|solved|resolved)\b/i;
/** A condition, a guess or a question is no report. */
const NO_FAILURE =
  /^(?:if|in case|unless|please)\b|\b(?:let (?:me|us) know|may|might|can|should|whether|if) (?:\w+ ){0,6}(?:still|not|n['’]t)|\bif (?:this|that|it|the)\b|\?\s*$/i;
const AFFECTED =
  /^(?:\+\s?1\b|(?:yep|yes|yeah|also|and|me)?[,!. ]*(?:the )?(?:exact(?:ly)? )?same\b(?! (?:as|like) before)|me too|i (?:am |'m |have |just |also |can |do )*(?:get|got|see|saw|seeing|have|had|hav(?:e|ing)|hit|hitting|face|facing|ran into|run(?:ning)? into|encounter(?:ed|ing)?|experienc\w+|reproduce|confirm)\b.{0,40}\b(?:same|similar|this(?: issue| bug| problem)?|too|it)\b|(?:i )?can (?:also )?(?:reproduce|confirm)|(?:also )?(?:affected|seeing this|getting this|happen(?:s|ed|ing) (?:to me|here)|reproduc\w+ (?:here|on)))/i;
/** Told as tried and not as what it brought. */
const SELF_TRIED = /\b(?:i|we)(?:['’]ve| have)? (?:also |already |even |just )*tried\b/i;
/** Above or before a list of what was tried in vain. */
const TRIED =
  /\b(?:already (?:tried|done|attempted)|(?:what )?(?:i(?:['’]ve| have)? )?(?:already )?tried|attempted(?: fix\w*)?|ruled out|without success|none (?:resolved|worked|helped)|did(?: not|n['’]t) (?:help|work|fix)|still (?:happens?|occurs?|fails?|persists?) after|remains the same)\b/i;

/** What a passage says about an attempt; `null` where it says nothing about one. */
export function outcomeOf({ kind, text, heading, lead }: Passage): Outcome {
  if (kind === 'code' || kind === 'quote') return null;
  const isWished = /\bexpect/i.test(heading);
  const isTold = TOLD_SUCCESS.test(text) && isWorking(text);
  // Of a list of what was tried the list is the report, not the line above it.
  if (!isTold && isFailure(text)) return /[:：]$/.test(text) && TRIED.test(text) ? null : 'failed';
  const isSteps = /\b(?:steps|reproduc)/i.test(heading);
  const isEcho = /^(?:\+\s?1|same|me too)\b/i.test(text);
  const isSuccess = !isWished && !isEcho && (isTold || (!isSteps && isWorking(text)));
  if (kind === 'item' && !isSuccess && TRIED.test(lead === '' ? heading : lead) && !/\?\s*$/.test(lead))
    return /\bworks? (?:normally|fine|well)\b/i.test(text) ? null : 'failed';
  if (isSuccess) return 'worked';
  return AFFECTED.test(text) ? 'affected' : null;
}

/** Whether the sentence tells what somebody did. */
export function namesDeed(text: string): boolean {
  return DEED.test(text);
}

/** Whether the sentence names something that somebody can do. */
export function namesAction(text: string): boolean {
  return DEED.test(text) || THING.test(text);
}

function isWorking(text: string): boolean {
  if (NO_SUCCESS.test(text)) return false;
  if (PLAIN_SUCCESS.test(text) || GOOD_VERSION.test(text)) return true;
  if (text.length < 80 && SHORT_SUCCESS.test(text)) return true;
  // The deed comes before its effect: "after moving it the stalls disappeared", not "it works, but updating …".
  const deed = DEED.exec(text);
  const afterDeed = deed === null ? '' : text.slice(deed.index + deed[0].length);
  if (deed !== null && RESULT.test(afterDeed) && isDoing(text.slice(0, deed.index))) return true;
  const thing = THING.exec(text);
  return thing !== null && REMEDIES.test(text.slice(thing.index + thing[0].length));
}

/** What stands before the deed: nothing, somebody who does it, or the order in which it was done. */
function isDoing(before: string): boolean {
  return /(?:^|[,;:(–—-]\s*|\b(?:i|we|by|after|then|and|simply|just|once|temporarily|finally|had to|need(?:ed)? to|if)\b(?:\s+\S+){0,2}\s+)[^\w\s]*$/i.test(
    before,
  );
}

function isFailure(text: string): boolean {
  if (NO_FAILURE.test(text)) return false;
  if (IN_VAIN.test(text) || STILL.test(text) || NO_REMEDY.test(text)) return true;
  if (SELF_TRIED.test(text) && !PLAIN_SUCCESS.test(text) && !RESULT.test(text)) return true;
  return (
    NO_WORK.test(text) &&
    (namesAction(text) || SELF_TRIED.test(text) || /^(?:this|that) (?:did|does|has)/i.test(text))
  );
}
