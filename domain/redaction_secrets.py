"""Redaction of secrets: keys, tokens, passwords beside their name, in an address, in a header and in a command."""

import re

from domain.redaction_rule import Rule, keeping, lowered, replacing, with_word

# --- keys and tokens by their own shape ----------------------------------------------------------------------------

private_keys: Rule = replacing(
    r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|CERTIFICATE)[A-Z0-9 ]{0,20}-{4,5}.*?(?:-{4,5} ?END [A-Z0-9 ]{1,60}+-{4,5}|\Z)",
    with_word("private key"),
    re.DOTALL,
)
# Header, payload, signature: RFC 7519; the first always begins with {" in base64.
json_web_tokens: Rule = replacing(
    r"(?<![A-Za-z0-9])eyJ(?:[A-Za-z0-9]|[_-](?!eyJ)){5,}+\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)?",
    with_word("token"),
)
# What vendors begin their tokens with.
vendor_tokens: Rule = replacing(
    r"(?<![A-Za-z0-9])(?:xox[a-z]-|xoxe\.|xapp-|gh[a-z]_|github_pat_|gl[a-z]{2,5}-|sk[-_](?:live|test|proj|ant)?[-_]?|[rp]k_(?:live|test)_|"
    r"whsec_|AT[AC]TT|AKIA|ASIA|AIza|ya29\.|GOCSPX-|1//0|SG\.|npm_|pypi-|do[opr]_v1_|hf_|shp(?:at|ss|ca|pa)_|sq0[a-z]{3}-|lin_api_|ntn_|"
    r"dapi[0-9a-f]|glsa_|hv[sb]\.|dp\.pt\.|dckr_pat_|sntry[su]_|NRAK-|PMAK-|AGE-SECRET-KEY-1|key-[0-9a-f]{4}|EAA[A-Z])[A-Za-z0-9_.=/+-]{10,}+",
    with_word("token"),
)
bot_tokens: Rule = replacing(r"(?<![A-Za-z0-9])\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", with_word("token"))
# Whoever knows the address may post.
webhooks: Rule = replacing(
    r"(?P<host>hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/)"
    r"(?P<secret>[^\s\"'<>\[\]]++)",
    keeping("token"),
)

# --- where a secret stands -----------------------------------------------------------------------------------------

# user:password@ in an address of any scheme; a user has no colon.
credentials: Rule = replacing(r"(?<=://)(?P<secret>[^\s/@:\[\]]*+:[^\s/]*)(?=@)", keeping("credentials"))
# Authorization: Basic dXNlcjpwYXNz; a scheme with several parts takes its line.
authorization: Rule = replacing(
    r"authorization[\"']?\s{0,5}[:=]\s{0,5}[\"']?(?:(?:digest|oauth|hawk|signature|aws4-hmac-sha256)\s{1,5}(?P<line>[^\r\n\[]++)|"
    r"[a-z][a-z0-9-]{1,30}\s{1,5}(?P<secret>[^\s\"',;\[\]]++))",
    lambda found: f"{found[0][: found.start(found.lastgroup or 0) - found.start()]}[token]",
    re.IGNORECASE,
)
bearer: Rule = replacing(
    r"\b(?:bearer|basic|token)\s{1,10}(?P<secret>(?=[^\s\[\]]*[0-9+/=_])[a-z0-9._~+/=-]{8,}+)",
    keeping("token"),
    re.IGNORECASE,
)
cookies: Rule = replacing(
    r"(?<![a-z])cookie[\"']?\s{0,5}:\s{0,5}[\"']?(?P<secret>[\w!#$%&*+.^`|~-]{1,100}=[^\r\n\"\[]++)",
    keeping("cookies"),
    re.IGNORECASE,
)
# curl -u user:password, --user, --proxy-user. Numbers are an account of a system (docker run -u 1000:1000).
command_lines: Rule = replacing(
    r"(?<![\w-])(?:-u|-U|--user|--proxy-user)[ =]{0,2}(?P<quote>[\"']?)(?!\d+:\d+(?![^\s\"']))(?P<secret>[^\s:\"'\[\]]{1,100}+:(?![/\\])[^\s\"'\[\]]{1,200}+)",
    keeping("credentials"),
)
# What an address carries to let somebody in. A short number is a code of an error, and so are words with underscores; what has a name that
# much else has too is long, with a digit in it.
_ENDS_HERE = r"(?![^\s&#.,;:!?)\"'])"
queries: Rule = replacing(
    r"[?&#;](?:(?:code|otp|assertion|sig|hmac|jwt|saml(?:request|response)|x-amz-(?:signature|credential|security-token)|"
    rf"x-goog-(?:signature|credential)|awsaccesskeyid|pub_secret)=(?P<secret>(?!\d{{1,5}}{_ENDS_HERE})(?![a-z]+(?:_[a-z]+){{1,5}}{_ENDS_HERE})"
    r"[^\s&#\"'<>\[\]]{4,}+)|(?:state|key|hash|auth|access|ticket|nonce|invite|magic|reset|confirm|verify)="
    r"(?P<opaque>(?=[^\s&#\"'<>\[\]]{0,200}\d)[^\s&#\"'<>\[\]]{12,}+))",
    lambda found: f"{found[0][: found.start(found.lastgroup or 0) - found.start()]}[secret]",
    re.IGNORECASE,
)

# --- secrets beside their name -------------------------------------------------------------------------------------

# By their first letters, so that each place in a text is tried in few ways.
_SECRETS = (
    r"(?:pa(?:ss(?:[ _-]?wor[dt]|wd|[ _-]?phrase|[ _-]?code|kode|ord|e)s?|rola)|(?<!by)(?<!com)(?<!sur)(?<!tres)pass|(?<![a-z])p(?:wd?|swd)|secret|"
    r"(?:a(?:pi|pp|ccess|uth|dmin|ccount|ctivation)|private|c(?:lient|srf)|r(?:outing|efresh|ecovery)|i(?:ntegration|d)|"
    r"s(?:ecret|ervice|igning|hared[ _-]?access|torage|sh)|encryption|master|webhook|bot|xsrf|deploy|licen[cs]e)"
    r"[ _-]?(?:key|token|secret)|kennwort|zugangs(?:code|daten|schl(?:ü|ue)ssel)|api-schl(?:ü|ue)ssel|geheimnis|"
    r"mot[ _]de[ _]passe|(?<![a-z])mdp|contrase(?:ñ|n\u0303|n)a|(?<![a-z])clave|(?<![a-z])senha|wachtwoord|has[łl]o|l(?:ö|oe)senord|"
    r"adgangskode|salasana|пароль|パスワード|密码|credentials)"
)
_PASSES = r"(?:(?<![a-z])token|sess(?:ion)?(?:[ _-]?id)?|(?<![a-z])sid|signature|authorization|csrf|xsrf)"
_IS = r"(?:is|was|ist|lautet|war|est|es|era|è|é)"
_QUOTE = r"(?:\\?[\"'`])?"
# What redaction put there already; and what is said of a password rather than being one.
_NOT = (
    r"(?!\[(?:private key|credentials|token|secret|cookies|e-mail|account number|card number|ip address|phone number|customer|reference|"
    r"plan|link|host|id)\])(?!(?:wrong|invalid|expired|incorrect|correct|not|too|required|empty|missing|none|null|true|false|reset|"
    r"changed|denied|blocked|declined|rejected|refused|accepted|unknown|lost|needed|optional|stored|sent|never|always|string|shown|known|"
    r"used|hidden|visible|written|shared|leaked|saved|kept|also|only|still|there|falsch|abgelaufen|ungültig|nicht|"
    r"leer|zurückgesetzt|richtig|incorrecte?|incorrect[oa]|invalide|inválid[oa]|expirée?|caducad[oa]|vide|refusé|obligatoire)[.,;:!?)\"']*(?:\s|\Z))"
)
_VALUE = rf"(?:(?<=[\"'])(?P<quoted>[^\"'\r\n\[\]]{{4,200}}+)(?=[\"'])|(?P<secret>{_NOT}[^\s\"'&,;<]{{4,}}+))"
_NAMED = re.compile(
    rf"(?:{_SECRETS}|{_PASSES}){_QUOTE}(?:\s{{0,10}}(?:[=:]{{1,2}}>?|->|=>)\s{{0,10}}|>){_QUOTE}{_VALUE}"
)
_SAID = re.compile(rf"{_SECRETS}{_QUOTE}\s{{0,10}}\b{_IS}\b:?\s{{0,10}}{_QUOTE}{_VALUE}")
# A session may be lost and a token expired: after "is" these take what is no plain word.
_SAID_OF_PASSES = re.compile(
    rf"{_PASSES}{_QUOTE}\s{{0,10}}\b{_IS}\b\s{{0,10}}{_QUOTE}(?=[^\s]*[0-9_+/=.~-])(?![a-z]+[.,;!?]?(?:\s|\Z)){_VALUE}"
)
# A flag of a command: --password hunter22.
_FLAGGED = re.compile(
    rf"(?<![\w-])--?[a-z-]{{0,20}}(?:password|passwd|passphrase|token|secret|api-key)[ =]{{1,2}}{_QUOTE}{_VALUE}"
)
# Numbers that let somebody in: of a card, an app, a message.
_CODES = re.compile(
    r"(?<![a-z0-9])(?:(?:pin|puk|otp|cvv2?|cvc2?|totp|2fa|mfa)(?:[ -]?(?:code|nummer|number|no\.?))?"
    r"|(?:verification|security|confirmation|access|one-time|sms|login|unlock)[ -]code|(?:bestätigungs|sicherheits|zugangs|prüf)[ -]?code)"
    rf"(?:\s{{0,5}}(?:[:=#]|\b{_IS}\b:?)\s{{0,5}}|\s{{1,5}})[\"']?(?P<secret>\d{{3,10}}|\d{{3}}[ -]\d{{3}})(?![\w-]|[.:]\d)"
    r"|(?<![a-z0-9])i?tan\s{0,5}[:=]\s{0,5}(?P<tan>\d{4,10})(?![\w-]|[.:]\d)"
)


def named(text: str) -> str:
    """``password=…``, ``api_key: "…"``, ``<password>…``, and ``das Passwort ist …``."""
    for pattern in (_NAMED, _SAID, _SAID_OF_PASSES, _FLAGGED, _CODES):
        text = _without_values(text, pattern)
    return text


def _without_values(text: str, pattern: re.Pattern[str]) -> str:
    """The matched group replaced. It is looked for in lower case, where a pattern's first letters say where it may begin."""
    clean, done = [], 0
    for found in pattern.finditer(lowered(text)):
        start, end = found.span(found.lastgroup or 0)
        clean += [text[done:start], "[secret]"]
        done = end
    return "".join([*clean, text[done:]])


# --- what looks like nothing else ----------------------------------------------------------------------------------

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_UUID = re.compile(UUID)
_HEX = re.compile(r"[0-9a-fA-F-]+")
_STRETCHES = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]+")


def _opaque(found: re.Match[str]) -> str:
    """A long run of letters and digits is a secret where it is mixed as no word is."""
    text = found[0]
    if _UUID.fullmatch(text):
        return text
    if _HEX.fullmatch(text) and len(text.replace("-", "")) >= 32:
        return "[secret]"
    if not all(kind.search(text) for kind in _KINDS):
        return text
    changes = len(_STRETCHES.findall(text)) - 1
    return "[secret]" if changes >= len(text) // 5 else text


_KINDS = tuple(re.compile(kind) for kind in ("[a-z]", "[A-Z]", "[0-9]"))

opaque: Rule = replacing(r"(?<![\w/+.-])[A-Za-z0-9_+/-]{20,}+={0,2}+(?!\w)", _opaque)
