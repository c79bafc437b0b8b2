"""Strings that a page must show and never obey: 60 that would run a script, and text that fits nowhere."""

import numpy as np
from worlds import Svd

from recwidgets.charts._base import Chart, figure
from recwidgets.data import Interactions

#: each calls harm() where a page takes it for HTML, SVG, an address, a stylesheet, a template or a program
XSS = (
    # a script of its own, also where another element is open
    "<script>harm()</script>",
    "<SCRIPT SRC=//evil.invalid/harm.js></SCRIPT>",
    "<scr<script>ipt>harm()</scr</script>ipt>",
    "</script><script>harm()</script>",
    "</style><script>harm()</script>",
    "</title><script>harm()</script>",
    "</textarea><script>harm()</script>",
    "--><script>harm()</script>",
    "]]><script>harm()</script>",
    "<script type=module>import('data:text/javascript,harm()')</script>",
    # events that need nobody
    "<img src=x onerror=harm()>",
    '"><img src=x onerror=harm()>',
    "'><img src=x onerror=harm()>",
    "<img src=x:x onerror\n=\nharm()//",
    "<svg onload=harm()>",
    "<svg/onload=harm()>",
    "</text></svg><svg onload=harm()>",
    "<svg><animate onbegin=harm() attributeName=x dur=1s>",
    "<svg><set onbegin=harm() attributeName=x to=y>",
    "<svg><script>harm()</script></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>parent.harm()</script>'></iframe></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=harm()>",
    '<noscript><p title="</noscript><img src=x onerror=harm()>">',
    "<video><source onerror=harm()></video>",
    "<audio src=x onerror=harm()></audio>",
    "<body onload=harm()>",
    "<details open ontoggle=harm()>",
    "<input autofocus onfocus=harm()>",
    "<select autofocus onfocus=harm()></select>",
    "<marquee onstart=harm()>x</marquee>",
    "<style>@keyframes x{}</style><b style='animation-name:x' onanimationstart=harm()>x</b>",
    # frames and addresses
    '<iframe src="javascript:parent.harm()"></iframe>',
    '<iframe srcdoc="<script>parent.harm()</script>"></iframe>',
    '<object data="javascript:harm()"></object>',
    '<embed src="javascript:harm()">',
    '<a href="javascript:harm()">a link</a>',
    '<svg><a xlink:href="javascript:harm()"><text y="20">a link</text></a></svg>',
    '<form action="javascript:harm()"><button>a button</button></form>',
    '<meta http-equiv="refresh" content="0;url=javascript:harm()">',
    '<base href="javascript:harm()//">',
    "javascript:harm()",
    "data:text/html,<script>harm()</script>",
    "[a link](javascript:harm())",
    # out of an attribute
    '" onmouseover="harm()',
    "' onmouseover='harm()",
    '" autofocus onfocus="harm()" x="',
    '" style="position:fixed;inset:0" onmousemove="harm()',
    '1" data-act="reset" x="',
    # a stylesheet
    "<style>*{display:none!important}</style>",
    "red;background:url(//evil.invalid/harm)}*{display:none!important}",
    # a template, or a program
    "{{constructor.constructor('harm()')()}}",
    "${harm()}{0.__class__}{x}%s%(y)s",
    "';harm();//",
    '";harm();//',
    '"); __import__("os").system("harm"); ("',
    # written otherwise
    "&lt;img src=x onerror=harm()&gt;",
    "&#60;script&#62;harm()&#60;/script&#62;",
    "%3Cscript%3Eharm()%3C/script%3E",
    "\\u003cscript\\u003eharm()\\u003c/script\\u003e",
    # an element that takes another's name
    "<form id=jupyterapp><input name=shell></form>",
)

UUID = "6f1c2a34-97d5-4f0e-8a57-0d4f2d1c9e11"
#: text that is wide, high, backwards, or not there
ODD = (
    "x" * 10_000,
    "W" * 10_000 + " (1999)",
    "a word " * 1_500,
    "\u0641\u064a\u0644\u0645 " * 400 + "(2001)",  # from the right to the left
    "\u05e1\u05e8\u05d8 (1971), \u202e<b>drawkcab</b> (1972)",  # turned round, and never turned back
    "e" + "\u0301" * 200,  # a tower of accents
    "\u200b\u200d\ufeff",  # nothing to see
    "",
    " ",
    UUID,
)


def world(texts=(*XSS, *ODD)):
    """A Split in which each title, id and genre is one of `texts`; an id that is blank, too long or there twice is a
    UUID, as many systems number their users.
    """
    n = len(texts)
    rng = np.random.default_rng(14)
    rated = [np.sort(rng.choice(n, 14, replace=False)) for _ in range(n)]
    user, item = np.repeat(np.arange(n), 14), np.concatenate(rated)
    data = Interactions(
        user=user, item=item, rating=rng.integers(1, 6, len(user)), time=rng.permutation(len(user)),
        users=np.array(ids(texts[::-1])), items=np.array(ids(texts)), titles=np.array(texts),
        genres=tuple((texts[n - 1 - k][:200], "Drama") for k in range(n)), name=texts[11],
    )  # fmt: skip
    return data.split("temporal", test=0.2, validation=0.1)


def ids(texts):
    found = []
    for n, text in enumerate(texts):
        usable = text.strip("\u200b\u200d\ufeff ") and len(text) < 200 and text not in found
        found.append(text if usable else f"{n:08x}{UUID[8:]}")
    return found


def model_called(text, data):
    """A model of a learner's own with `text` in all that it says."""

    class Mine(Svd):
        label = text
        knobs = (Svd.knobs[0]._replace(label=text, hint=text, unit=text), Svd.knobs[1])

        def _parts(self, person, item):
            yield from (part._replace(label=text) for part in super()._parts(person, item))

        def explain(self, user, item):
            if str(item).endswith("5"):
                raise RuntimeError(text)
            return super().explain(user, item)

    model = Mine()
    for _ in model.steps(data, epochs=2):
        pass
    return model


class Titled(Chart):
    """A chart of a learner's own that draws nothing and says what it was told."""

    def __init__(self, text):
        super().__init__()
        self.title = self.text = text
        self.figure = figure(marks=[])

    def show(self, answer, selected=0, previous=None):
        pass

    def caption(self, answer):
        return self.text

    foot = sentence = caption
