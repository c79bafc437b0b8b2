"""Loading MovieLens: the right rows in the order of the file, from wherever they are, or a sentence on why not."""

import hashlib
import http.server
import io
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from recwidgets import _tf
from recwidgets.data import DownloadError, _tfds, cache, download, load_movielens, movielens, parse, planted
from recwidgets.data.archive import ML100K_FILES, PUBLISHED, Published, checked_zip
from recwidgets.data.download import fetch
from recwidgets.data.parse import GENRES_100K, read_zip

COLUMNS = ("user", "item", "rating", "time", "users", "items", "titles")
SMALL = planted(n_users=40, n_items=60).data


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch, tmp_path):
    """Neither this machine's prepared copies nor its proxies nor its archive take part, unless a test asks."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("RECWIDGETS_ML100K", raising=False)


def assert_same(one, other):
    for column in COLUMNS:
        assert np.array_equal(getattr(one, column), getattr(other, column)), column
    assert one.genres == other.genres


# ------------------------------------------------------------------ embedded


def test_the_embedded_data_are_latest_small_in_the_order_of_the_file():
    data = load_movielens()
    assert (len(data), data.n_users, data.n_items) == (100_836, 610, 9_724)
    assert repr(data) == "<Interactions 'MovieLens latest-small': 610 users × 9,724 items, 100,836 ratings>"
    with zipfile.ZipFile(movielens.EMBEDDED) as zipped:
        lines = zipped.read("ml-latest-small/ratings.csv").decode().splitlines()[1:]
    for row in (0, 1, 50_000, 100_835):
        user, item, rating, time = lines[row].split(",")
        assert (data.users[data.user[row]], data.items[data.item[row]]) == (user, item)
        assert (data.rating[row], data.time[row]) == (float(rating), int(time))
    toy_story = data.item_index(1)
    assert data.titles[toy_story] == "Toy Story (1995)"
    assert data.genres[toy_story] == ("Adventure", "Animation", "Children", "Comedy", "Fantasy")


def test_the_embedded_data_are_read_once():
    assert load_movielens() is load_movielens("latest-small")


def test_the_embedded_zip_is_unmodified_and_its_licence_lies_beside_it():
    content = movielens.EMBEDDED.read_bytes()
    assert hashlib.sha256(content).hexdigest() == PUBLISHED["latest-small"].sha256
    with zipfile.ZipFile(movielens.EMBEDDED) as zipped:
        terms = zipped.read("ml-latest-small/README.txt").decode().split("Usage License")[1].split("Citation")[0]
    licence = movielens.EMBEDDED.with_name("ml-latest-small.LICENSE.txt").read_text(encoding="utf-8")
    assert terms.strip() in licence


def test_an_altered_embedded_zip_is_refused(monkeypatch, tmp_path):
    altered = tmp_path / "ml-latest-small.zip"
    altered.write_bytes(movielens.EMBEDDED.read_bytes()[:-1])
    monkeypatch.setattr(movielens, "EMBEDDED", altered)
    with pytest.raises(ValueError, match="ml-latest-small.zip.*" + PUBLISHED["latest-small"].sha256):
        movielens._embedded.__wrapped__()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="one of 'latest-small', '100k', '1m', '20m', '25m', got '2m'"):
        load_movielens("2m")


# ------------------------------------------------------------------ formats (made-up files)


def zipped(folder, **files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, text in files.items():
            out.writestr(
                f"{folder}/{name.replace('_', '.')}", text.encode("latin-1" if folder != "ml-20m" else "utf-8")
            )
    return buffer


def test_the_format_of_100k_is_read():
    flags = ["0|" * 19, "0|" * 4 + "1|1|" + "0|" * 13, "1|" + "0|" * 18]
    films = "".join(f"{i}|Film é{i} (1990)|01-Jan-1990||u|{flags[i - 1][:-1]}\n" for i in (1, 2, 3))
    data = read_zip(zipped("ml-100k", u_data="7\t3\t4\t20\n5\t2\t1\t10\n7\t1\t5\t20\n", u_item=films), "100k")
    assert (data.users.tolist(), data.items.tolist()) == (["5", "7"], ["1", "2", "3"])
    assert (data.user.tolist(), data.item.tolist()) == ([1, 0, 1], [2, 1, 0])
    assert data.genres == ((), ("Children", "Comedy"), ())  # "unknown" is no genre
    assert data.titles[0] == "Film é1 (1990)"
    assert len(GENRES_100K) == 19


def test_the_format_of_1m_is_read():
    films = "1::Café, Le (1990)::Children's|Drama\n9::Never rated (1990)::War\n2::Two (1991)::Comedy\n"
    data = read_zip(zipped("ml-1m", ratings_dat="1::2::5::30\n1::1::4::30\n", movies_dat=films), "1m")
    assert data.titles.tolist() == ["Café, Le (1990)", "Two (1991)"]
    assert data.genres == (("Children", "Drama"), ("Comedy",))
    assert data.item.tolist() == [1, 0]


def test_the_format_of_20m_and_25m_is_read():
    films = 'movieId,title,genres\n1,"Good, the Bad, The (1966)",Western\n2,Élan (2001),(no genres listed)\n'
    ratings = "userId,movieId,rating,timestamp\n1,2,3.5,30\n2,1,4.0,10\n"
    data = read_zip(zipped("ml-20m", ratings_csv=ratings, movies_csv=films), "20m")
    assert data.titles.tolist() == ["Good, the Bad, The (1966)", "Élan (2001)"]
    assert data.rating.tolist() == [3.5, 4.0] and data.name == "MovieLens 20m"


# ------------------------------------------------------------------ archives (made-up files, with sums of their own)


@pytest.fixture
def six_files(monkeypatch, tmp_path):
    """A folder of six made-up files whose sums are, for one test, the published ones."""
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    for file in ML100K_FILES:
        (folder / file).write_text(f"made up {file}")
        monkeypatch.setitem(ML100K_FILES, file, hashlib.sha256(f"made up {file}".encode()).hexdigest())
    return folder


def rezip(folder, target, prefix="ml-100k/"):
    with zipfile.ZipFile(target, "w") as out:
        for file in sorted(folder.iterdir()):
            out.write(file, prefix + file.name)
    return target


def members(source):
    with zipfile.ZipFile(io.BytesIO(source)) as inside:
        return {name: inside.read(name).decode() for name in inside.namelist()}


def test_a_folder_its_parent_and_any_zip_of_the_six_files_are_taken(six_files, tmp_path):
    expected = {f"ml-100k/{file}": f"made up {file}" for file in ML100K_FILES}
    other = rezip(six_files, tmp_path / "other.zip", "data/ml-100k/")
    for place in (six_files, tmp_path, rezip(six_files, tmp_path / "ml-100k.zip"), other, str(six_files)):
        assert members(checked_zip(place, "100k")) == expected


@pytest.mark.parametrize("file", list(ML100K_FILES))
def test_an_altered_file_is_named_with_both_sums(six_files, tmp_path, file):
    (six_files / file).write_text("altered")
    found = hashlib.sha256(b"altered").hexdigest()
    for place in (six_files, rezip(six_files, tmp_path / "ml-100k.zip")):
        with pytest.raises(ValueError, match=f"^{file} in .*must be {ML100K_FILES[file]}, got {found}"):
            load_movielens("100k", archive=place)


def test_a_truncated_zip_is_named_with_both_sums(six_files, tmp_path):
    cut = rezip(six_files, tmp_path / "ml-100k.zip")
    cut.write_bytes(cut.read_bytes()[:300])
    found = hashlib.sha256(cut.read_bytes()).hexdigest()
    with pytest.raises(ValueError, match=f"ml-100k.zip.*not a whole zip.*{PUBLISHED['100k'].sha256}, got {found}"):
        load_movielens("100k", archive=cut)


def test_a_zip_with_damaged_content_is_refused(six_files, tmp_path):
    damaged = rezip(six_files, tmp_path / "ml-100k.zip")
    content = damaged.read_bytes()
    damaged.write_bytes(content.replace(b"made up u.item", b"made up u.xxxx", 1))
    with pytest.raises(ValueError, match="u.item"):
        load_movielens("100k", archive=damaged)


def test_an_incomplete_and_an_absent_archive_are_named(six_files, tmp_path):
    (six_files / "u.genre").unlink()
    with pytest.raises(ValueError, match="six files, u.genre missing"):
        load_movielens("100k", archive=six_files)
    with pytest.raises(FileNotFoundError, match="nothing at .*nowhere"):
        load_movielens("100k", archive=tmp_path / "nowhere")


def test_the_other_sizes_take_the_published_zip_only(tmp_path):
    with pytest.raises(ValueError, match="published ml-1m.zip, got the folder"):
        load_movielens("1m", archive=tmp_path)
    other = tmp_path / "ml-1m.zip"
    other.write_bytes(b"no zip")
    with pytest.raises(ValueError, match=f"ml-1m.zip.*{PUBLISHED['1m'].sha256}, got [0-9a-f]{{64}}"):
        load_movielens("1m", archive=other)
    assert checked_zip(movielens.EMBEDDED, "latest-small") == movielens.EMBEDDED


# ------------------------------------------------------------------ prepared copy -> archive -> download


def pretend_prepared(data_dir, name="100k", version="0.1.1"):
    folder = data_dir / "movielens" / f"{name}-ratings" / version
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    return folder


@pytest.fixture
def asked(monkeypatch):
    """What the loader asks of TFDS, instead of asking it."""
    calls = []

    def prepare(name, data, trusted, progress):
        calls.append("download" if trusted is None else "archive")
        pretend_prepared(data, name)
        return SMALL

    monkeypatch.setattr(_tfds, "read", lambda name, data: calls.append("read") or SMALL)
    monkeypatch.setattr(_tfds, "prepare", prepare)
    return calls


def test_a_prepared_copy_comes_first_and_is_read_once(asked, tmp_path):
    folder = pretend_prepared(tmp_path)
    assert_same(load_movielens("100k", data_dir=tmp_path), SMALL)
    assert_same(load_movielens("100k", data_dir=tmp_path), SMALL)
    assert asked == ["read"]
    assert sorted(file.name for file in folder.iterdir()) == ["dataset_info.json", "recwidgets-100k.npz"]


def test_then_an_archive_from_the_argument_or_the_environment(asked, six_files, tmp_path, monkeypatch):
    load_movielens("100k", archive=six_files, data_dir=tmp_path / "one")
    monkeypatch.setenv("RECWIDGETS_ML100K", str(six_files))
    load_movielens("100k", data_dir=tmp_path / "two")
    load_movielens("100k", data_dir=tmp_path / "two")
    assert asked == ["archive", "archive"]
    load_movielens("1m", data_dir=tmp_path / "three")  # the variable is of ML-100K alone
    assert asked[2:] == ["download"]


def test_then_a_download(asked, tmp_path):
    load_movielens("25m", data_dir=tmp_path)
    assert asked == ["download"]


def test_an_altered_archive_is_refused_even_where_a_prepared_copy_makes_it_unneeded(asked, six_files, tmp_path):
    pretend_prepared(tmp_path)
    (six_files / "u.data").write_text("altered")
    with pytest.raises(ValueError, match=r"u\.data"):
        load_movielens("100k", archive=six_files, data_dir=tmp_path)
    assert asked == []


def test_a_damaged_cache_is_made_again(asked, tmp_path):
    file = pretend_prepared(tmp_path) / "recwidgets-100k.npz"
    for damaged in (b"", b"nonsense", b"PK\x03\x04"):
        file.write_bytes(damaged)
        load_movielens("100k", data_dir=tmp_path)
    assert asked == ["read"] * 3
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert cache.read_cache(file, "100k") is None


def test_the_cache_needs_no_pickle_and_a_folder_that_refuses_it_goes_without(tmp_path):
    cache.write_cache(SMALL, tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == {*COLUMNS, "about"}
    assert_same(cache.read_cache(tmp_path / "ours.npz", "100k"), SMALL)
    assert [file.name for file in tmp_path.iterdir()] == ["ours.npz"]  # no temporary file is left
    cache.write_cache(SMALL, tmp_path / "nowhere" / "ours.npz")


def test_many_writers_at_once_leave_one_whole_cache(tmp_path):
    file = tmp_path / "ours.npz"
    threads = [threading.Thread(target=cache.write_cache, args=(SMALL, file)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same(cache.read_cache(file, "100k"), SMALL)
    assert [left.name for left in tmp_path.iterdir()] == ["ours.npz"]


def test_the_newest_finished_version_counts(tmp_path):
    assert cache.prepared_folder(tmp_path, "100k") is None
    pretend_prepared(tmp_path, version="0.9.0")
    newest = pretend_prepared(tmp_path, version="0.10.0")
    (tmp_path / "movielens" / "100k-ratings" / "0.11.0").mkdir()  # begun, not finished
    pretend_prepared(tmp_path, version="0.12.0.incompleteABC")
    assert cache.prepared_folder(tmp_path, "100k") == newest


def test_the_data_folder_is_that_of_tfds(monkeypatch, tmp_path):
    assert cache.data_folder(None) == tmp_path / "tfds"
    assert cache.data_folder("given") == Path("given")
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert cache.data_folder(None) == Path.home() / "tensorflow_datasets"


# ------------------------------------------------------------------ download (a server on this machine)

PAYLOAD = bytes(range(256)) * 1000
FILE = Published("ml-toy.zip", hashlib.sha256(PAYLOAD).hexdigest(), len(PAYLOAD))


@contextmanager
def server(body=PAYLOAD, status=200, length=None, certificate=None):
    """An address that answers every request so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *args):  # a client that hangs up on a bad certificate is no news
            pass

    http_server = Quiet(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        http_server.socket = context.wrap_socket(http_server.socket, server_side=True)
    thread = threading.Thread(target=http_server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{http_server.server_port}/ml-toy.zip"
    finally:
        http_server.shutdown()
        http_server.server_close()
        thread.join()


def refused(url, target, published=FILE):
    with pytest.raises(DownloadError) as raised:
        fetch(url, target, published, progress=False)
    assert list(target.parent.iterdir()) == []  # nothing half done is left
    sentence = str(raised.value)
    assert sentence.startswith("ml-toy.zip could not be downloaded: ")
    assert "The embedded data still work: load_movielens()" in sentence
    assert 'archive="ml-toy.zip"' in sentence
    return sentence


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder / "ml-toy.zip"


def test_a_download_appears_whole_and_shows_a_bar(target, capsys):
    with server() as url:
        fetch(url, target, FILE)
    assert target.read_bytes() == PAYLOAD
    assert [file.name for file in target.parent.iterdir()] == ["ml-toy.zip"]
    assert re.search(r"ml-toy.zip: 100%.*256k/256k", capsys.readouterr().err)


def test_no_bar_is_shown_where_none_is_wanted(target, capsys):
    with server() as url:
        fetch(url, target, FILE, progress=False)
    assert capsys.readouterr().err == ""


def test_a_download_cut_short_is_refused(target):
    with server(body=PAYLOAD[:1000], length=len(PAYLOAD)) as url:
        assert "ended before its 256,000 bytes" in refused(url, target)
    with server(body=PAYLOAD[:1000]) as url:  # a proxy that closes politely
        assert "ended after 1,000 of 256,000 bytes" in refused(url, target)


def test_other_bytes_than_the_published_are_refused(target):
    with server(body=PAYLOAD[::-1]) as url:
        sentence = refused(url, target)
    assert FILE.sha256 in sentence and hashlib.sha256(PAYLOAD[::-1]).hexdigest() in sentence


@pytest.mark.parametrize("status", [404, 503])
def test_an_answer_that_is_no_file_is_refused(target, status):
    with server(status=status) as url:
        assert f"the server answered {status}" in refused(url, target)


def test_no_server_is_no_connection(target):
    with server() as url:
        pass  # gone again: its port refuses
    assert "no connection to the server" in refused(url, target)


def test_a_silent_server_is_not_waited_for_for_ever(target, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connects, and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/ml-toy.zip"
        assert "the server sent nothing for 0.2 seconds" in refused(url, target)


def test_a_certificate_that_is_not_valid_is_refused_and_tls_stays_on(target, tmp_path):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not installed: it makes the bad certificate of this test")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([openssl, *request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with server(certificate=(certificate, key)) as url:
        assert "the server's certificate is not valid" in refused(url, target)


def test_no_line_of_the_package_switches_tls_off():
    for file in Path(movielens.__file__).parent.glob("*.py"):
        assert not re.search(r"verify\s*=\s*False|verify_ssl\s*=\s*False|CERT_NONE|_unverified", file.read_text()), file


# ------------------------------------------------------------------ through TFDS itself


@pytest.mark.needs_tf
def test_our_sums_are_those_that_tfds_has_registered(tmp_path):
    infos = _tfds.builder("100k", tmp_path).url_infos.values()
    assert {(info.filename, info.checksum, int(info.size)) for info in infos} == set(PUBLISHED.values())


@pytest.mark.needs_tf
def test_a_download_is_prepared_by_tfds_and_its_copy_gives_the_order_of_the_file(monkeypatch, tmp_path):
    """Of the published file TFDS prepares the first rows: all of ML-100K are prepared below."""
    content, config, n = movielens.EMBEDDED.read_bytes(), _tfds.load().download.DownloadConfig, 5000
    monkeypatch.setattr(_tfds.load().download, "DownloadConfig", partial(config, max_examples_per_split=n))
    with server(body=content) as url:
        monkeypatch.setattr(_tfds, "fetch", lambda real_url, *rest: fetch(url, *rest))
        data = _tfds.prepare("latest-small", tmp_path, None, progress=False)
    assert_same(data, load_movielens())
    first = _tfds.read("latest-small", tmp_path)
    assert len(first) == n
    for names, column in (("users", "user"), ("items", "item"), ("titles", "item")):
        told, wanted = (getattr(one, names)[getattr(one, column)[:n]] for one in (first, data))
        assert told.tolist() == wanted.tolist(), names
    assert first.rating.tolist() == data.rating[:n].tolist() and first.time.tolist() == data.time[:n].tolist()


@pytest.mark.needs_tf
def test_a_download_that_fails_leaves_nothing_prepared(monkeypatch, tmp_path):
    with server(status=404) as url:
        monkeypatch.setattr(_tfds, "fetch", lambda real_url, *rest: fetch(url, *rest))
        with pytest.raises(DownloadError, match="ml-100k.zip could not be downloaded: the server answered 404"):
            load_movielens("100k", data_dir=tmp_path, progress=False)
    assert cache.prepared_folder(tmp_path, "100k") is None


def test_where_another_process_was_first_its_copy_stays(monkeypatch, tmp_path):
    class Late:
        def download_and_prepare(self, **kwargs):
            pretend_prepared(tmp_path, "latest-small")
            raise FileExistsError("Destination already exists")

    monkeypatch.setattr(_tfds, "builder", lambda name, data: Late())
    monkeypatch.setattr(_tfds, "load", MagicMock)
    assert_same(_tfds.prepare("latest-small", tmp_path, movielens.EMBEDDED), load_movielens())
    shutil.rmtree(tmp_path / "movielens")
    monkeypatch.setattr(Late, "download_and_prepare", MagicMock(side_effect=PermissionError("no")))
    with pytest.raises(PermissionError):
        _tfds.prepare("latest-small", tmp_path, movielens.EMBEDDED)


def test_without_tfds_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r'pip install "recwidgets\[train\]"'):
        _tfds.load()


def test_where_the_order_of_the_file_cannot_be_checked_time_and_tfds_order_decide():
    table = {
        "user": np.array([2, 1, 2, 1]), "item": np.array([9, 8, 7, 6]),
        "rating": np.ones(4), "time": np.array([5, 5, 3, 5]),
    }  # fmt: skip
    assert _tfds._file_order("100k", table).tolist() == [1, 3, 2, 0]
    assert _tfds._file_order("25m", table).tolist() == [3, 1, 2, 0]  # its file is sorted by user and film


def opened(place):
    trusted = checked_zip(place, "100k")
    return zipfile.ZipFile(io.BytesIO(trusted) if isinstance(trusted, bytes) else trusted)


@pytest.fixture(scope="module")
def prepared(ml100k, tmp_path_factory):
    """ML-100K prepared by TFDS from the local archive, once: some 15 seconds."""
    folder = tmp_path_factory.mktemp("tfds")
    return load_movielens("100k", archive=ml100k, data_dir=folder, progress=False), folder


@pytest.mark.needs_tf
def test_ml_100k_is_whole_and_in_the_order_of_u_data(prepared, ml100k):
    data, _ = prepared
    assert (len(data), data.n_users, data.n_items, data.by_title().n_items) == (100_000, 943, 1_682, 1_664)
    assert len(data.by_title()) == 100_000
    with opened(ml100k) as z:
        lines = z.read("ml-100k/u.data").decode().splitlines()
    ours = zip(data.users[data.user], data.items[data.item], data.rating.astype(int), data.time, strict=True)
    assert ["\t".join(map(str, row)) for row in ours] == lines


@pytest.mark.needs_tf
def test_the_second_load_reads_the_cache_and_equals_the_first(prepared, monkeypatch):
    data, folder = prepared
    monkeypatch.setattr(_tfds, "load", lambda: pytest.fail("the second load needs no TFDS"))
    assert_same(load_movielens("100k", data_dir=folder), data)


@pytest.mark.needs_tf
def test_where_only_the_tfds_copy_is_left_the_order_of_the_file_is_found_again(prepared):
    data, folder = prepared
    file = cache.cache_file(cache.prepared_folder(folder, "100k"), "100k")
    file.unlink()
    assert_same(load_movielens("100k", data_dir=folder), data)
    assert file.exists()


@pytest.mark.needs_tf
def test_tfds_expects_the_registered_sum_again_afterwards(prepared):
    _, folder = prepared
    infos = _tfds.builder("100k", folder).url_infos.values()
    assert {info.checksum for info in infos} == {published.sha256 for published in PUBLISHED.values()}


def test_an_altered_line_of_ml_100k_is_found(ml100k, tmp_path):
    with opened(ml100k) as z:
        for file in ML100K_FILES:
            (tmp_path / file).write_bytes(z.read(f"ml-100k/{file}"))
    changed = (tmp_path / "u.data").read_bytes().replace(b"196\t242\t3\t", b"196\t242\t5\t", 1)
    (tmp_path / "u.data").write_bytes(changed)
    with pytest.raises(ValueError, match=f"^u.data in .*{ML100K_FILES['u.data']}, got "):
        load_movielens("100k", archive=tmp_path)


def test_tensorflow_datasets_is_not_imported_while_tensorflow_is(monkeypatch):
    """Two threads that import TensorFlow at once would leave half of it."""
    came = threading.Event()
    monkeypatch.setattr(_tfds.importlib, "import_module", lambda name: came.set())
    with _tf.LOADING:
        worker = threading.Thread(target=_tfds.load)
        worker.start()
        assert not came.wait(0.2)
    worker.join()
    assert came.is_set()


# ------------------------------------------------------------------ rows of plain numbers


def with_loadtxt(text, delimiter):
    return np.loadtxt(io.BytesIO(text), delimiter=delimiter, dtype=np.float64, ndmin=2, comments=None)


@pytest.mark.parametrize(
    ("form", "delimiter"), [("{},{},{}.{},{}\r\n", ","), ("{},{},{}.{},{}\n", ","), ("{}\t{}\t{}\t{}\n", "\t")]
)
def test_plain_rows_are_read_as_numpy_reads_them_and_what_is_not_plain_is_left_to_it(monkeypatch, form, delimiter):
    draw = np.random.default_rng(0)
    most = [10**9, 300, 99, 99, 2**31] if "." in form else [10**9, 300, 99, 2**31]
    text = "".join(form.format(*draw.integers(0, most)) for _ in range(40)).encode()
    for part in (1, 200, 1 << 22):  # bytes read at a time
        monkeypatch.setattr(parse, "PART", part)
        np.testing.assert_array_equal(parse._plain(text, delimiter), with_loadtxt(text, delimiter))
    odd, plain, letters = 0, 0, list(b'0123456789.,\n\r\t -+e\0"')
    for _ in range(3000):  # some bytes more, less or others, anywhere
        broken = bytearray(text)
        for place in draw.integers(0, len(broken), 2).tolist():
            broken[place : place + draw.integers(0, 3)] = bytes(draw.choice(letters, draw.integers(0, 3)).tolist())
        found = parse._plain(bytes(broken), delimiter)
        odd, plain = odd + (found is None), plain + (found is not None)
        if found is not None:
            np.testing.assert_array_equal(found, with_loadtxt(bytes(broken), delimiter))
    assert odd > 500 and plain > 300
    for other in (b"", b"\n", b"1", text[:-1], text + b"1", text.replace(b"2", b"2" * 16), text + b"\n"):
        assert parse._plain(other, delimiter) is None
