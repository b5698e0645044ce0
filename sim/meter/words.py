"""The words by which the columns of load curves and price lists are known, in the languages such files come in.

Words of one to three Western letters count as a whole word, longer ones from a word's begin, others anywhere.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache


def _words(text: str) -> tuple[str, ...]:
    """Words parted by blanks; "_" is a blank inside one."""
    return tuple(word.replace("_", " ") for word in text.split())


TIME = _words(
    """
    timestamp datetime date time zeit datum uhrzeit fecha hora heure période data interval period stamp von
    bis start begin hour horodate czas godzina čas tid saat tarih ora dag tijd mtu aika klockan van tot ymd
    last_changed 时间 時間 日期 时刻 時刻 日時 年月日 时段 дата время час 시간 일시 날짜 일자 วันที่ เวลา
    ngày giờ tanggal jam
    """
)
LOAD = _words(
    """
    power load demand consumption usage import energy leistung verbrauch bezug lastgang last puissance
    consommation potencia consumo demanda wert value valeur withdrawal afname verbruik prelievo potenza
    pobór odběr spotřeba poraba prejeta kulutus effekt förbrukning forbruk forbrug consum tüketim zużycie
    energia energija volume quantity purchase grid electricity state kwartier soutirage 有功
    功率 负荷 負荷 电量 電量 用电
    用電 电力 電力 需要 使用量 実績 消費 мощность потребление энергия нагрузка 사용량 전력 부하
    """
)
BOUGHT = _words("import afname bezug 购电 買電")
USED = _words("consum verbrauch verbruik consommation usage home load 用电 用電 消費 負荷 负荷")
MADE = _words("produc produz generat erzeug solar pv 发电 発電")
TOTAL = _words(
    """
    total sum site gesamt totaal totale 总 總 合计 全厂 итого всего 합계
    """
)
EXPORT = _words(
    """
    export feed einspeis injecti injection immission rücklieferung teruglever retour oddana oddaja dodávka
    oddanie generation generated erzeugung produc produzione vertido sold delivered_to_grid to_grid
    inmatning 反向 反送 上网 逆潮流 отдача генерация 发电 発電
    """
)
REACTIVE = _words(
    """
    reactive reactiva reaktiv blind kvar kvarh jalova bierna loistehona réactive 无功 無功 無効 реактив
    """
)
ELECTRIC = _words(
    """
    kva kvah apparent volt current ampere factor cos cosphi cosfi pf frequency scheinleistung 視在 视在 电压
    电流 因数 频率 電圧 電流 напряжение
    ток
    """
)
COUNTER = _words(
    """
    stand reading register index cumul counter zählerstand meterstand totalizer 示数 表底 读数 表码 累计 指针 指示数
    показани
    """
)
RATIO = _words(
    """
    ratio multiplier scale_factor multiplikator wandler faktor ct pt 倍率 变比 變比 乘率 系数 係數 коэффициент
    """
)
OTHER = _words(
    """
    temp price cost status quality max maxim min minim humid pv solar forecast no id gas heat fuel water co2
    method flag contract dogovorjena blok tariff currency amount revenue charge weekday month year day week
    season 最大 最小 光伏 预测 予測 序号 编号 电价 气温 星期 户号 风 цена температура
    """
)
ENERGY = _words(
    """
    energy energi energija consumption verbrauch verbruik consumo consommation usage consum poraba kulutus
    förbrukning tüketim zużycie 电量 電量 用电 用電 使用量 потребление энергия 사용량 volume quantity
    """
)
POWER = _words(
    """
    power load demand leistung puissance potencia potenza moč moc effekt 功率 负荷
    負荷 电力 電力 需要 мощность нагрузка
    부하
    """
)
PRICE = _words(
    """
    price preis prix precio prezzo prijs cena pris hinta rrp lmp spp spot mcp smp clearing settlement_point
    tariff rate 价 價 単価 プライス цена 가격
    """
)
NO_PRICE = _words(
    """
    volume quantity menge mwh_traded buy sell demand load generation congestion loss mcc mlc mcl turnover
    flow 电量 負荷 负荷 約定総量 量
    """
)
END = _words(
    """
    end ending endzeit enddatum bis until 截止 结束 hasta fin tot he 終了
    """
)
BEGIN = _words(
    """
    start begin von from desde beginning van 开始 起始 開始
    """
)
CLOCK = _words(
    """
    hour stunde hora heure ora hh hhmm settlement period block slot blk tijd uur
    godz he hr 时 点 時 час saat interval timme trading sp time
    """
)
UTC = ("utc", "gmt", "zulu")
GROUPS = (TIME, LOAD, TOTAL, EXPORT, REACTIVE, ELECTRIC, COUNTER, RATIO, OTHER, ENERGY, POWER, PRICE, END, BEGIN, CLOCK)
FOREIGN = tuple({word for group in GROUPS for word in group if not word.isascii()})


def plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower()


@lru_cache(maxsize=4096)
def has_word(name: str, words: Sequence[str]) -> bool:
    """Whether a heading holds one of these words."""
    text = re.sub(r"[_\W]+", " ", plain(re.sub(r"(?<=[a-z][a-z])(?=[A-Z])", " ", name[:200])))
    if any(word in text for word in words if not word.isascii()):
        return True
    return _western(words).search(text) is not None


@lru_cache(maxsize=64)
def _western(words: Sequence[str]) -> re.Pattern[str]:
    begins = "|".join(re.escape(word) + (r"\b" if len(word) < 4 else "") for word in words if word.isascii())
    return re.compile(rf"\b(?:{begins})" if begins else r"(?!)")
