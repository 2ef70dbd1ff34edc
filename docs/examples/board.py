"""Print, as one JSON line per change, what each class has come to: `python board.py asyncapi.json BROKER GROUP`."""

import json
import sys

from confluent_kafka import Consumer, KafkaException

document, broker, group = sys.argv[1:]
with open(document, encoding="utf-8") as file:
    topics = [channel["address"] for channel in json.load(file)["channels"].values()]
consumer = Consumer(
    {"bootstrap.servers": broker, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
)
consumer.subscribe(topics)
applied: dict[tuple[str, str, str], int] = {}
board: dict[str, dict[str, int]] = {}
try:
    while True:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        event = json.loads(record.value())
        aggregate = (event["source"], event["aggregatetype"], event["subject"])
        if event["aggregateversion"] <= applied.get(aggregate, 0):
            continue  # it came again
        applied[aggregate] = event["aggregateversion"]
        data, kind = event["data"], event["type"].split(".")[3]
        row = board.setdefault(event["partitionkey"], dict.fromkeys(("opened", "certified", "settled_fen"), 0))
        if kind == "ClassOpened":
            row["opened"] = len(data["trainees"])
        elif kind == "CertificateIssued":
            row["certified"] += 1
        elif kind == "PaymentSettled":
            row["settled_fen"] += data["amount_fen"]
        else:
            continue
        print(json.dumps({"class_id": data["class_id"], **row}), flush=True)
        consumer.commit(record)  # a real board stores `applied` and `board` first
finally:
    consumer.close()
