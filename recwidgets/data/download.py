"""A download that says what went wrong, and what works without it."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from recwidgets._files import writing
from recwidgets.data.archive import Published

#: show a bar, or not, or be told (bytes done, bytes in all)
Progress = bool | Callable[[int, int], None]
TIMEOUT = 30  # seconds without a byte; TFDS' own downloader would wait for ever


class DownloadError(OSError):
    """The file could not be had; the message says why and what to do."""


def fetch(url: str, target: Path, published: Published, progress: Progress = True) -> None:
    """Download `url` to `target`, which appears only when it is whole and its sum is right.

    progress: show a bar, or tell (bytes done, bytes in all). Certificates are always checked. Raises DownloadError.
    """
    requests = importlib.import_module("requests")  # comes with TFDS
    errors = requests.exceptions
    try:
        with writing(target) as out, requests.get(url, stream=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            found, size = _write(response, out, published, progress)
            if size < published.size:
                raise _sentence(f"the download ended after {size:,} of {published.size:,} bytes", published)
            if found != published.sha256:
                raise _sentence(f"the sha256 of what came must be {published.sha256}, got {found}", published)
    except errors.SSLError as error:
        raise _sentence("the server's certificate is not valid (it may have expired)", published) from error
    except errors.HTTPError as error:
        raise _sentence(f"the server answered {error.response.status_code}", published) from error
    except errors.ChunkedEncodingError as error:
        raise _sentence(f"the download ended before its {published.size:,} bytes", published) from error
    except errors.Timeout as error:
        raise _sentence(f"the server sent nothing for {TIMEOUT} seconds", published) from error
    except errors.ConnectionError as error:
        raise _sentence("no connection to the server", published) from error


def fetch_progress(total: int, label: str, shown: bool) -> Any:
    """A bar of bytes; in a notebook a widget."""
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=label, unit="B", unit_scale=True, disable=not shown)


def _write(response: Any, out: IO[bytes], published: Published, progress: Progress) -> tuple[str, int]:
    checksum, size = hashlib.sha256(), 0
    with fetch_progress(published.size, published.file, progress is True) as bar:
        for block in response.iter_content(1 << 16):
            out.write(block)
            checksum.update(block)
            size += len(block)
            if size > published.size:
                break  # another file: it is not read to its end
            bar.update(len(block))
            if callable(progress):
                progress(size, published.size)
    return checksum.hexdigest(), size


def _sentence(what: str, published: Published) -> DownloadError:
    return DownloadError(
        f"{published.file} could not be downloaded: {what}. The embedded data still work: load_movielens(). "
        f'If you have the file, load_movielens(…, archive="{published.file}") needs no network; '
        f"else try once more later."
    )
