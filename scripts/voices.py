"""Speaks text with espeak-ng's library and says at which sample each word begins. Used by voices.mjs alone.

stdin:  {"voice": "en-gb", "speed": 160, "pitch": 50, "gap": 1, "texts": ["Hello, you."]}
stdout: one line of JSON: {"rate": 22050, "spoken": [{"pcm": base64 of 16-bit samples, "marks": [{"at": character, "sample": n}]}]}
"""
import base64
import ctypes
import json
import sys

# speak_lib.h of espeak-ng
SYNCHRONOUS, UTF8, WORD, RATE, PITCH, WORD_GAP = 2, 1, 1, 1, 3, 7


class Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("message", ctypes.c_uint), ("position", ctypes.c_int), ("length", ctypes.c_int),
        ("ms", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", ctypes.c_char * 8),
    ]


library = ctypes.CDLL("libespeak-ng.so.1")
rate = library.espeak_Initialize(SYNCHRONOUS, 0, None, 0)
pcm, marks = bytearray(), []


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))
def take(samples, count, events):
    if samples and count > 0:
        pcm.extend(ctypes.string_at(samples, count * 2))
    index = 0
    while events[index].type != 0:
        if events[index].type == WORD:
            marks.append({"at": events[index].position - 1, "sample": events[index].sample})
        index += 1
    return 0


library.espeak_SetSynthCallback(take)
order = json.load(sys.stdin)
if library.espeak_SetVoiceByName(order["voice"].encode()) != 0:
    sys.exit(f"espeak-ng has no voice {order['voice']}")
for parameter, key in ((RATE, "speed"), (PITCH, "pitch"), (WORD_GAP, "gap")):
    library.espeak_SetParameter(parameter, order[key], 0)
spoken = []
for text in order["texts"]:
    pcm.clear()
    marks.clear()
    raw = text.encode()
    library.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, UTF8, None, None)
    spoken.append({"pcm": base64.b64encode(bytes(pcm)).decode(), "marks": list(marks)})
json.dump({"rate": rate, "spoken": spoken}, sys.stdout)
