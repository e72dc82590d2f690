/**
 * Does an agent's last message ask for something it cannot go on without? An agent that ends its turn with a question exits like one that is done;
 * only the text tells. Reads the end of the message: a direct question or a request for input counts, an offer of more work, a courtesy or a rhetorical question does not. Pure.
 */

/** The question itself, one or two sentences; undefined when the message asks nothing. */
export function questionAtEnd(message: string): string | undefined {
  const prose = message
    .replace(/```[\s\S]*?(?:```|$)/g, "\n")
    .replace(/^\s*>.*$/gm, "")
    .trim();
  const sentences = sentencesOf(prose).slice(-lastSentences);
  const at = sentences.findLastIndex(isAsking);
  if (at < 0) return undefined;
  // What comes behind a question may only belong to it: its options, or a courtesy.
  const behind = sentences.slice(at + 1);
  if (!behind.every((sentence) => isOption(sentence) || isCourtesy(sentence) || isAsking(sentence) || isConsequence(sentence)))
    return undefined;
  return sentences[at]?.replace(/^[-*•#\s]+/, "").replace(/\*\*/g, "");
}

const lastSentences = 8;

/** Sentences and list items, in order; white space folded. */
function sentencesOf(text: string): string[] {
  return text
    .split(/\n+/)
    .flatMap((line) => line.split(/(?<=[.!?:…])["')\]*_]*\s+(?=["'(*_`]*[\p{Lu}\d])/u))
    .map((sentence) => sentence.replace(/\s+/g, " ").trim())
    .filter((sentence) => /\p{L}/u.test(sentence));
}

function isAsking(sentence: string): boolean {
  const text = plain(sentence);
  if (isOffer(text) || isCourtesy(text)) return false;
  if (/\?["')\]]*$/.test(text)) return !isRhetorical(text);
  return requests.some((pattern) => pattern.test(text));
}

const plain = (sentence: string): string =>
  sentence
    .replace(/[*_`]/g, "")
    .replace(/^[-•#\s]+|^\d+[.)]\s+/g, "")
    .toLowerCase();

/** Asking without a question mark. */
const requests: readonly RegExp[] = [
  /\b(?:please|kindly) (?:confirm|choose|pick|select|provide|specify|tell me|let me know (?:which|how|what|whether|if i should)|advise|clarify|decide|answer|approve|supply|share|paste|send|indicate|give me)\b/,
  /\blet me know (?:which|how you(?:'d| would) (?:like|prefer)|what you(?:'d| would)? (?:prefer|like|want|decide)|whether (?:to|i should|you want)|if i should)\b/,
  /\bi(?:'ll| will)? need (?:you(?:r)?|to know|(?:a |your )?(?:decision|confirmation|clarification|approval|answer|input))\b/,
  /\b(?:i'm |i am )?(?:waiting|awaiting) (?:for |on )?(?:your|a decision|an answer|confirmation|approval|input)\b/,
  /\bi (?:can't|cannot|can not|am unable to|won't) (?:proceed|continue|go on|start|finish)\b.*\b(?:until|without|unless) (?:you|your|i know|a decision|an answer|confirmation|the)\b/,
  /\b(?:once|as soon as|when) you (?:confirm|decide|choose|tell me|provide|answer|approve|let me know|reply)\b.*\bi(?:'ll| will| can)\b/,
  /\b(?:before i (?:proceed|continue|start|go on|make|begin)|to (?:proceed|continue))\b.*\b(?:need|require|which|confirm|decide|tell me)\b/,
  /^(?:which|what|where|who|how|should|shall|do|does|is|are|can|could|would|may) .*(?:or) .*[:]$/,
];

/** Work that is done, and more on offer: nobody has to answer. */
function isOffer(text: string): boolean {
  return (
    /^(?:would you like|do you want|want|shall i|should i|may i|can i|could i|if you(?:'d| would) like|i can)\b.*\b(?:also|too|as well|additionally|next|further|follow-?up|anything else|something else|another|more (?:tests|detail)|in addition|commit|push|open a (?:pr|pull request)|explain|walk (?:you )?through|summari[sz]e)\b/.test(
      text,
    ) || /\blet me know if\b(?! i should)|\bfeel free to\b|\bhappy to\b|\bglad to\b/.test(text)
  );
}

function isCourtesy(sentence: string): boolean {
  return /\b(?:anything else|any (?:other )?questions|hope (?:this|that) helps|does (?:this|that) (?:help|make sense|look good)|sound(?:s)? good|thank(?:s| you)|let me know if|happy to|feel free)\b/.test(
    plain(sentence),
  );
}

/** Asked and answered by itself. */
function isRhetorical(text: string): boolean {
  return (
    /^(?:why|how come|what (?:changed|does this mean|was wrong|happened|did i (?:change|do|find)|now|next)|so what|the result|the fix|root cause|who knows|and|sure)\??/.test(
      text,
    ) && text.length < 40
  );
}

const isOption = (sentence: string): boolean => /^(?:[-*•]|\(?[a-z\d][.)]|option \w+\b|\*\*)/i.test(sentence.trim());

/** What follows from the answer: `I'll go on as soon as you tell me.` */
const isConsequence = (sentence: string): boolean =>
  /^(?:i(?:'ll| will| can| would| have not| haven't| stopped)|once|until|otherwise|nothing|my (?:recommendation|preference)|i (?:recommend|suggest|lean)|without|the rest|if (?:not|you))\b/.test(
    plain(sentence),
  );
