//! Texts in another script, or in another variant of it. All sentences were written for these tests.

use super::languages::{shown, with_english, with_language};
use super::*;
use crate::checks::variants;

const SIMPLIFIED: [&str; 10] = [
    "房间里太热，所以男孩打开了窗户。",
    "冬天过后，我的邻居卖掉了她的旧车。",
    "他们没赶上火车，只好等了两个小时。",
    "那条狗对着空荡荡的街道叫了一整夜。",
    "他睡觉前往火里添了些柴。",
    "面包师傅每天凌晨三点起床。",
    "没有人发现那盏灯已经坏了。",
    "我们在屋后种了两棵苹果树。",
    "老师让学生们安静下来。",
    "她的信晚到了三个星期。",
];

const TRADITIONAL: [&str; 10] = [
    "房間裡太熱，所以男孩打開了窗戶。",
    "冬天過後，我的鄰居賣掉了她的舊車。",
    "他們沒趕上火車，只好等了兩個小時。",
    "那條狗對著空蕩蕩的街道叫了一整夜。",
    "他睡覺前往火裡添了些柴。",
    "麵包師傅每天凌晨三點起床。",
    "沒有人發現那盞燈已經壞了。",
    "我們在屋後種了兩棵蘋果樹。",
    "老師讓學生們安靜下來。",
    "她的信晚到了三個星期。",
];

const PERSIAN: [&str; 10] = [
    "پسر پنجره را باز کرد چون اتاق خیلی گرم بود.",
    "همسایه‌ام بعد از زمستان ماشین قدیمی‌اش را فروخت.",
    "آن‌ها به قطار نرسیدند و دو ساعت صبر کردند.",
    "سگ تمام شب رو به خیابان خالی پارس می‌کرد.",
    "پیش از خواب کمی چوب در آتش گذاشت.",
    "نانوا هر روز ساعت سه صبح بیدار می‌شود.",
    "هیچ‌کس نفهمید که چراغ شکسته است.",
    "پشت خانه دو درخت سیب کاشتیم.",
    "معلم از بچه‌ها خواست که ساکت باشند.",
    "نامه‌اش سه هفته دیر رسید.",
];

const SERBIAN: [&str; 10] = [
    "Дечак је отворио прозор јер је у соби било превише топло.",
    "Комшиница је после зиме продала свој стари ауто.",
    "Закаснили су на воз и морали су да чекају два сата.",
    "Пас је целе ноћи лајао на празну улицу.",
    "Додао је још дрва у ватру пре него што је легао.",
    "Пекар сваког дана устаје у три ујутру.",
    "Нико није приметио да је лампа поломљена.",
    "Иза куће смо посадили две јабуке.",
    "Учитељица је замолила децу да буду тиха.",
    "Њено писмо је стигло са три недеље закашњења.",
];

#[test]
fn traditional_and_simplified_characters() {
    let of = |language: &str, texts: &[&str]| {
        shown(variants::check(
            &with_english(language, texts),
            &knowledge(),
        ))
    };
    for language in ["zh", "zh-hans", "zh-cn"] {
        assert_eq!(of(language, &SIMPLIFIED), [], "{language}");
        let wrong = ("text-in-other-variant", Error, 10, 20);
        assert_eq!(of(language, &TRADITIONAL), [wrong], "{language}");
    }
    for language in ["zh-hant", "zh-tw", "yue"] {
        assert_eq!(of(language, &TRADITIONAL), [], "{language}");
        let wrong = ("text-in-other-variant", Error, 10, 20);
        assert_eq!(of(language, &SIMPLIFIED), [wrong], "{language}");
    }
    let mut one = SIMPLIFIED.repeat(3);
    one[4] = TRADITIONAL[4];
    let slip = ("text-in-other-variant", Warning, 1, 60);
    assert_eq!(of("zh", &one), [slip]);
}

#[test]
fn letters_of_another_language_in_arabic_script() {
    let persian = with_language("fa", "Arab");
    let of = |language: &str, texts: &[&str]| {
        shown(variants::check(&with_english(language, texts), &persian))
    };
    assert_eq!(of("fa", &PERSIAN), []);
    let arabic = PERSIAN.map(|text| text.replace('ی', "ي").replace('ک', "ك"));
    let arabic: Vec<&str> = arabic.iter().map(String::as_str).collect();
    assert_eq!(
        of("fa", &arabic),
        [("letters-of-another-language", Warning, 10, 20)]
    );
    // An Arabic sentence with a foreign letter in a name, and one typed on a Persian keyboard.
    let name = "سافر أخي إلى مدينة ڤيينا في الصيف الماضي مع صديقه.";
    assert_eq!(of("ar", &[name]), []);
    let keyboard = "کان الولد یلعب فی الحدیقة.";
    let wrong = ("letters-of-another-language", Warning, 1, 2);
    assert_eq!(of("ar", &[keyboard]), [wrong]);
    // Letters of Urdu that CLDR's alphabet leaves to its auxiliary ones.
    let urdu = "میں نے آج نئی کتابیں خریدیں اور جئے گا نہیں کوئی آئے تو ہوں";
    assert_eq!(of("ur", &[urdu; 3]), []);
    // CLDR has Kurdish in Latin script only.
    let unknown = ("letters-not-checked", Note, 1, 1);
    assert_eq!(of("ku-arab", &PERSIAN), [unknown]);
}

#[test]
fn serbian_in_both_scripts() {
    let serbian = with_language("sr", "Cyrl");
    let of = |language: &str, texts: &[&str]| {
        shown(scripts::check(&with_english(language, texts), &serbian))
    };
    let latin = "Nova knjiga je ostala na stolu u kuhinji.";
    let mut one = SERBIAN;
    one[2] = latin;
    assert_eq!(of("sr", &SERBIAN), []);
    assert_eq!(of("sr", &one), [("question-in-other-script", Error, 1, 20)]);
    assert_eq!(of("sr-latn", &[latin]), []);
    let wrong = ("question-in-other-script", Error, 1, 11);
    assert_eq!(of("sr-latn", &SERBIAN[..1]), [wrong]);
}
