"""The reference's way, for comparison: sentence-transformers and LanceDB as ICIJ's Python worker example uses them.

python reference.py embed MODEL                      one thread; a line in, {"texts": […], "batch": n}; a line out, {"cpuMs", "wallMs"}
python reference.py search MODEL VECTORS DIMENSIONS FOLDER   a line in, {"query"}; a line out, {"wallMs"}
python reference.py vectorize MODEL URL INDEX FOLDER  one line out, {"documents", "cpuMs", "wallMs"}
"""
import json
import sys
import time
import urllib.request

import numpy

BATCH = 32
PAGE = 100


def say(**fields):
    print(json.dumps(fields), flush=True)


def timed(work):
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {"cpuMs": (time.process_time() - cpu) * 1000, "wallMs": (time.perf_counter() - wall) * 1000}


def load(model):
    from sentence_transformers import SentenceTransformer

    transformer = SentenceTransformer(model, device="cpu")
    transformer.max_seq_length = 256
    return transformer


def embed(model):
    import torch

    torch.set_num_threads(1)
    transformer = load(model)
    transformer.encode(["a first text, so that everything is warm"])
    say(ready=True)
    for line in sys.stdin:
        request = json.loads(line)
        say(**timed(lambda: transformer.encode(request["texts"], batch_size=request["batch"], show_progress_bar=False)))


def table_of(rows, folder):
    import lancedb

    return lancedb.connect(folder).create_table("ds_docs", rows, mode="overwrite")


def search(model, vectors, dimensions, folder):
    import lancedb
    import pyarrow

    values = numpy.fromfile(vectors, dtype=numpy.float32)
    column = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(values), int(dimensions))
    ids = pyarrow.array([str(i) for i in range(len(column))])
    table_of(pyarrow.table({"doc_id": ids, "vector": column}), folder).create_index(metric="cosine")
    say(ready=True)
    for line in sys.stdin:
        query = json.loads(line)["query"]
        # Nothing is kept between two calls, the model neither.
        say(**timed(lambda: lancedb.connect(folder).open_table("ds_docs").search(load(model).encode(query)).distance_type("cosine").limit(10).to_list()))


def documents_of(url, index):
    body = {"size": PAGE, "query": {"term": {"type": "Document"}}, "_source": ["content"], "sort": ["_doc"]}
    address = f"{url}/{index}/_search?scroll=1m"
    while True:
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request))
        hits = answer["hits"]["hits"]
        if not hits:
            return
        yield [(hit["_id"], hit["_source"]["content"]) for hit in hits]
        address, body = f"{url}/_search/scroll", {"scroll": "1m", "scroll_id": answer["_scroll_id"]}


def vectorize(model, url, index, folder):
    transformer = load(model)
    count = 0

    def work():
        nonlocal count
        table = None
        for page in documents_of(url, index):
            vectors = transformer.encode([content for _, content in page], batch_size=BATCH, show_progress_bar=False)
            rows = [{"doc_id": document, "vector": vector} for (document, _), vector in zip(page, vectors)]
            if table is None:
                table = table_of(rows, folder)
            else:
                table.add(rows)
            count += len(page)

    times = timed(work)
    say(documents=count, **times)


if __name__ == "__main__":
    {"embed": embed, "search": search, "vectorize": vectorize}[sys.argv[1]](*sys.argv[2:])
