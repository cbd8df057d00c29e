"""What CRFsuite makes of a small model: the other side of tests/tests/crfsuite.rs.

    python tests/crf/crfsuite.py FOLDER

trains a tagger on the sentences below and writes FOLDER/crfsuite.json:

    labels       in the order of tags
    transitions  [[i, j, weight], …], those that are missing are 0
    state        {attribute: [[tag, weight], …]}
    sentences    the training sentences, and random ones:
        items      the attributes of each word
        best       its tags
        paths      [[tags, probability], …], the best one first, then random ones
        marginals  for each word the probability of each tag
"""

import json
import pathlib
import random
import sys

import pycrfsuite

# word/tag: determiner, adjective, noun, verb, preposition, pronoun.
CORPUS = """
the/D old/A man/N rows/V the/D boat/N
the/D old/N row/V the/D boat/N
she/P rows/V
a/D row/N of/I boats/N rests/V by/I the/D shore/N
the/D moon/N lights/V the/D old/A pine/N
the/D lights/N of/I the/D shore/N rest/V
he/P rests/V by/I the/D pine/N
the/D young/A pine/V
they/P light/V the/D light/A boat/N
the/D light/N of/I the/D moon/N
a/D cold/A spring/N springs/V by/I the/D old/A pine/N
spring/N rain/N falls/V
the/D falls/N rest/V in/I the/D cold/N
rain/N cools/V the/D spring/N
they/P spring/V in/I the/D falls/N
she/P falls/V
a/D cool/A wind/N winds/V by/I the/D shore/N
the/D winds/N of/I spring/N cool/V the/D man/N
they/P man/V the/D boats/N
the/D young/A man/N boats/V in/I the/D cool/A rain/N
he/P shores/V the/D old/A wall/N
the/D wall/N of/I the/D cold/A spring/N
they/P wall/V the/D spring/N in/I
the/D cold/A moon/N falls/V by/I the/D wall/N
she/P lights/V a/D light/N by/I the/D shore/N
cold/A rain/N winds/V in/I the/D pine/N
pines/N rest/V in/I the/D light/N of/I the/D young/A moon/N
the/D rest/N of/I the/D men/N pines/V
he/P pines/V
old/A men/N rest/V
a/D man/N of/I the/D shore/N rows/V by/I the/D falls/N
they/P rain/V
"""
SEED, RANDOM_SENTENCES, RANDOM_PATHS = 4, 200, 3


def attributes(words):
    items = []
    for position, word in enumerate(words):
        item = [f"word={word}", f"suffix={word[-2:]}"]
        if position > 0:
            item.append(f"before={words[position - 1]}")
        # CRFsuite has no scores of starts and ends but by attributes.
        if position == 0:
            item.append("BOS")
        if position == len(words) - 1:
            item.append("EOS")
        items.append(item)
    return items


def main():
    folder = pathlib.Path(sys.argv[1])
    pairs = [[pair.split("/") for pair in line.split()] for line in CORPUS.split("\n") if line]
    texts = [[word for word, _ in sentence] for sentence in pairs]

    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": 0.02, "c2": 0.05, "max_iterations": 200})
    for sentence, words in zip(pairs, texts):
        trainer.append(attributes(words), [tag for _, tag in sentence])
    model = str(folder / "model.crfsuite")
    trainer.train(model)
    tagger = pycrfsuite.Tagger()
    tagger.open(model)
    info = tagger.info()
    labels = tagger.labels()
    number = {label: tag for tag, label in enumerate(labels)}

    generator = random.Random(SEED)
    # Words that the model has never seen too.
    known = sorted({word for words in texts for word in words}) + ["mountain", "flows", "x"]
    for _ in range(RANDOM_SENTENCES):
        texts.append(generator.choices(known, k=generator.randint(1, 12)))

    state = {}
    for (attribute, label), weight in info.state_features.items():
        state.setdefault(attribute, []).append([number[label], weight])
    sentences = []
    for words in texts:
        items = attributes(words)
        best = tagger.tag(items)
        paths = [best] + [generator.choices(labels, k=len(words)) for _ in range(RANDOM_PATHS)]
        sentences.append(
            {
                "items": items,
                "best": [number[label] for label in best],
                "paths": [
                    [[number[label] for label in path], tagger.probability(path)] for path in paths
                ],
                "marginals": [
                    [tagger.marginal(label, position) for label in labels]
                    for position in range(len(words))
                ],
            }
        )
    dump = {
        "labels": labels,
        "transitions": [[number[a], number[b], w] for (a, b), w in info.transitions.items()],
        "state": state,
        "sentences": sentences,
    }
    (folder / "crfsuite.json").write_text(json.dumps(dump))


if __name__ == "__main__":
    main()
