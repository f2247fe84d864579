"""Chat templates written for this project, which use what the templates of public models use."""

LLAMA = {"bos_token": "<s>", "eos_token": "</s>"}
CHATML = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}

TEMPLATES = {
    # LLaMA 2: turns have to alternate, the system message moves into the first turn.
    "alternating": (
        LLAMA,
        """\
{% if messages[0]['role'] == 'system' %}
    {% set turns = messages[1:] %}
    {% set system = messages[0]['content'] %}
{% else %}
    {% set turns = messages %}
    {% set system = false %}
{% endif %}
{% for turn in turns %}
    {% if (turn['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Turns must alternate: user, assistant, user, ...') }}
    {% endif %}
    {% if loop.index0 == 0 and system != false %}
        {% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + turn['content'] %}
    {% else %}
        {% set content = turn['content'] %}
    {% endif %}
    {% if turn['role'] == 'user' %}
        {{- bos_token + '[INST] ' + content.strip() + ' [/INST]' -}}
    {% elif turn['role'] == 'assistant' %}
        {{- ' ' + content.strip() + ' ' + eos_token -}}
    {% endif %}
{% endfor %}
""",
    ),
    # Qwen: a default system message, and the generation prompt.
    "chatml": (
        CHATML,
        "{%- if messages and messages[0].role == 'system' %}"
        "{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}"
        "{%- else %}{{- '<|im_start|>system\\nAnswer with one letter.<|im_end|>\\n' }}{%- endif %}"
        "{%- for message in messages %}"
        "{%- if message.role in ['user', 'assistant'] or (message.role == 'system' and not loop.first) %}"
        "{{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>' ~ '\\n' }}"
        "{%- endif %}{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
    ),
    # Qwen3: the last question, found backwards in a namespace; text before and after a mark.
    "namespace": (
        CHATML,
        """\
{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string
        and not (message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if '</think>' in content %}
        {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- if loop.index0 > ns.last %}
            {%- set content = '<think>\\n' + thought + '\\n</think>\\n\\n' + content %}
        {%- endif %}
    {%- endif %}
    {{- loop.index ~ '/' ~ loop.length ~ ' ' ~ message.role|upper ~ ': ' + content + ('' if loop.last else '\\n') }}
{%- endfor %}
{%- if add_generation_prompt and tools is none %}
    {{- '\\nASSISTANT:' }}
{%- endif %}
""",
    ),
    # Llama 3: trimmed texts, tokens as variables, what is not defined, JSON, loop controls.
    "headers": (
        {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"},
        """\
{{- bos_token }}
{%- if date_string is not defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not documents is defined or documents is none %}
    {{- "Date: " + date_string + "\\n" }}
{%- endif %}
{%- for message in messages %}
    {%- if message['role'] == 'system' %}{% continue %}{% endif %}
    {%- if message.content | trim == 'stop' %}{% break %}{% endif %}
    {{- '<|' + message['role'] + '|>\\n\\n' + message['content'] | trim + eos_token }}
    {{- message | tojson }}{{ message.get('name', 'nobody') }}{{ pad_token }}
    {%- for key, value in message.items() %}{{ ' ' + key + '=' + value|length|string }}{% endfor %}
{%- endfor %}
{{- {'flag': true, 'none': none, 'list': [1, 2.5, "ü<&'"], 'empty': []} | tojson }}
{{- [{'a': [1, {'b': 'ё'}], 'c': {}}] | tojson(indent=2) }}
{{- add_generation_prompt }} {{ none }}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n\\n' }}
{%- endif %}
""",
    ),
    # Vicuna: a sentence, then roles in capitals; filters, macros and tests.
    "sentences": (
        LLAMA,
        """\
{%- macro line(role, text) -%}
{{ role.capitalize() }}: {{ text.replace('\\n', ' ').strip() }}
{%- endmacro -%}
{%- set system = messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | list -%}
{{ system[0] if system else 'A chat between a user and an assistant.' }}

{% for message in messages | rejectattr('role', 'equalto', 'system') %}
  {# A comment that leaves nothing behind. #}
  {% if message['role'] not in ('user', 'assistant') %}
    {{ raise_exception('Unknown role: ' ~ message['role']) }}
  {% endif %}
{{ line(message['role'], message['content']) }}{{ eos_token if message.role == 'assistant' else '' }}
{% endfor %}
{% if add_generation_prompt %}
Assistant:{% endif %}""",
    ),
    # Blocks around what an assistant says, which only a trainer needs.
    "generation": (
        CHATML,
        """\
{% for message in messages %}
{% if message.role == 'assistant' %}
{{ '<' + message.role + '>' }}{% generation %}{{ message.content }}{{ eos_token }}{%- endgeneration %}

{% else %}
{{ '<' + message.role + '>' }}{{ message['content'].split('\\n') | join(' / ') }}
{% endif %}
{% endfor %}
""",
    ),
    # Qwen3-Coder: what is iterable, and what a mapping.
    "coder": (
        CHATML,
        """\
{%- if not tools is defined %}{%- set tools = [] %}{%- endif %}
{%- set rest = messages[1:] if messages[0].role == 'system' else messages %}
{%- if tools is iterable and tools | length > 0 %}
    {{- '<tools>' }}
{%- elif documents is none and tools is not iterable %}
    {{- '<no tools>' }}
{%- endif %}
{%- for message in rest %}
    {%- if message.content is string and message is mapping and message is iterable %}
        {{- '%s|%5.1f|%-4d|' % (message.role, loop.index / 4, loop.index0) }}
        {{- message.content.rsplit(' ', 1)[-1] ~ message.content.partition('\\n')[0].removeprefix('Welche').strip() }}
        {{- ' %d' | format(message.content | wordcount) ~ ' ' ~ message.content[:4] | title ~ loop.index * 1e15 }}
        {{- message | tojson(ensure_ascii=true, separators=(',', ':'), sort_keys=true) }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
""",
    ),
    # Qwen3 and SmolLM3: a variable that decides whether the model thinks, and how much.
    "thinking": (
        CHATML,
        """\
{%- set effort = effort if effort is defined else 'none' %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
    {{- effort ~ (budget | default(7) + 1) }}
{%- endif %}
""",
    ),
    # Nothing of the conversation is as the template wants it.
    "mistaken": (LLAMA, "{{ messages[0]['content'] + none }}"),
}

CONVERSATIONS = [
    [{"role": "user", "content": "  Which city is the capital of France?\nA. Rome\nB. Paris "}],
    [
        {"role": "system", "content": "Answer with one letter."},
        {"role": "user", "content": "Welche Stadt liegt in Polen?\n\nA. Łódź\nB. Köln\n"},
    ],
    [
        {"role": "user", "content": "إلى أين؟"},
        {"role": "assistant", "content": "<think>\nHm.\n</think>\n\n \"京都\" & <אילת> 👍🏽"},
        {"role": "user", "content": "stop"},
    ],
    [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "<tool>b</tool>"},
        {"role": "assistant", "content": "<think>c</think>d"},
    ],
    [{"role": "narrator", "content": "Once upon a time"}],
]

# Sets of variables for templates that read some; the others are rendered without.
VARIABLES = {
    "thinking": [{}, {"enable_thinking": False}, {"enable_thinking": True, "effort": "läng", "budget": 1.5}],
}
