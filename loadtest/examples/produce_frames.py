"""Feeds tessera from a DAQ's side: python produce_frames.py BROKERS CARD.json TIME_FRAMES. Put your hits in line 28."""
import hashlib, json, sys, time
import confluent_kafka, crc32c, flatbuffers, numpy, rfc8785

brokers, card_path, time_frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
card = json.load(open(card_path))
card_hash = int.from_bytes(hashlib.sha256(rfc8785.dumps(card)).digest()[:8], 'big')
def tf00(source, message_id, run, time_frame, start_ns, voxel, adc):  # voxel: row-major over the axes, ascending
    payload = (voxel.astype('<u4') << card['adcBits'] | adc.astype('<u4')).tobytes()
    b = flatbuffers.Builder(len(payload) + 512)
    b.Prep(8, len(payload))  # the payload begins at a multiple of 8, so that a reader may view it in place
    vector, source, instrument = b.CreateByteVector(payload), b.CreateString(source), b.CreateString(card['id'])
    b.StartObject(13)
    for slot, offset in (0, source), (6, instrument), (11, vector): b.PrependUOffsetTRelativeSlot(slot, offset, 0)
    for slot, n in (1, message_id), (2, start_ns), (3, card['timeFrameNanos']): b.PrependInt64Slot(slot, n, 0)
    for slot, n in (5, time_frame), (7, card_hash): b.PrependUint64Slot(slot, n, 0)
    for slot, n in (4, run), (10, len(voxel)), (12, crc32c.crc32c(payload)): b.PrependUint32Slot(slot, n, 0)
    for slot in 8, 9: b.PrependUint16Slot(slot, 1, 0)  # kind 1: digits; encoding 1: voxel << adcBits | adc
    b.Finish(b.EndObject(), b'tf00')
    return bytes(b.Output())

topic, start, rng = card['id'] + '_frames', time.time_ns(), numpy.random.default_rng(1)
voxels = numpy.prod([axis['size'] for axis in card['axes']])
producer = confluent_kafka.Producer({'bootstrap.servers': brokers, 'message.max.bytes': 8_000_000, 'enable.idempotence': True})
partitions = len(producer.list_topics(topic).topics[topic].partitions)
for tf in range(time_frames):
    for source in card['regions']:  # message_id counts per source and partition: a gap shows a loss
        voxel, adc = numpy.sort(rng.choice(voxels, 500, False)), rng.integers(card['thresholdAdc'], 1024, 500)
        frame = tf00(source, tf // partitions, 1, tf, start + tf * card['timeFrameNanos'], voxel, adc)
        producer.produce(topic, frame, key=str(tf), partition=tf % partitions)
    producer.poll(0)
producer.flush()
