// The interface in C++: usage POEM.qibu TAG.qibu prints a couplet and the labels of a sentence.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "qibu.h"

struct alignas(16) Block {
    unsigned char bytes[16];
};

static void need(qibu_status status)
{
    if (status != QIBU_STATUS_OK) {
        std::fprintf(stderr, "%s\n", qibu_status_string(status));
        std::exit(1);
    }
}

class File {
public:
    explicit File(const char *path)
    {
        std::ifstream stream(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
        room_.resize(bytes_.size() + 16);
        std::size_t shift = (16 - reinterpret_cast<std::size_t>(room_.data()) % 16) % 16;
        for (std::size_t at = 0; at < bytes_.size(); at++)
            room_[at + shift] = bytes_[at];
        need(qibu_model_load(&model_, room_.data() + shift, bytes_.size(), nullptr));
    }
    const qibu_model *model() const { return &model_; }

private:
    std::string bytes_;
    std::vector<char> room_;
    qibu_model model_{};
};

QIBU_ALIGNED static unsigned char arena[16384];

int main(int, char **arguments)
{
    const File poem(arguments[1]), tag(arguments[2]);

    qibu_poet poet{};
    qibu_poet_sizes sizes{};
    need(qibu_poet_new(&poet, poem.model()));
    need(qibu_poet_describe(&poet, &sizes));
    std::string text(QIBU_COUPLET_BYTES, ' ');
    std::size_t length = 0;
    need(qibu_poet_couplet(&poet, 7, sizes.temperature, arena, sizeof arena, &text[0],
                           text.size(), &length));
    text.resize(length);
    std::printf("%s\n", text.c_str());

    struct Labels {
        qibu_tagger tagger;
        std::string text;
    } labels{};
    qibu_stream stream{};
    need(qibu_tagger_new(&labels.tagger, tag.model()));
    need(qibu_stream_start(&stream, &labels.tagger, arena, sizeof arena));
    const qibu_sink sink = [](void *user, const qibu_event *event) {
        Labels &to = *static_cast<Labels *>(user);
        qibu_text label{};
        if (event->tag >= 0 &&
            qibu_tagger_label(&to.tagger, static_cast<uint32_t>(event->tag), &label) ==
                QIBU_STATUS_OK)
            to.text.append(label.data, label.length);
    };
    // The start of the page in models/cws.
    const std::string page = "今天天气很好，我们";
    need(qibu_stream_push_bytes(&stream, page.data(), page.size(), sink, &labels));
    need(qibu_stream_flush(&stream, sink, &labels));
    std::printf("%s\n", labels.text.c_str());
    return 0;
}
