"""The rest of the scene language's words: light, mood, lens, colours, places and the words between.

``LIGHTS``, ``MOODS`` and ``BLURS`` have the form of :mod:`lexicon`; the other tables say theirs.
"""

from __future__ import annotations

from caig_cli.painters.studio.lexicon import Lexicon

LIGHTS: Lexicon = {
    "softbox": (
        "soft studio light|diffused studio lighting|an even softbox glow|soft diffused light",
        "softbox|soft light|soft lighting|studio light|studio lighting|diffused light|diffused lighting|even light"
        "|even lighting|soft even light|bright studio lighting|soft studio lighting|professional lighting|ring light"
        "|softbox lighting|gentle light|product lighting|beauty light|diffuse light|professional studio lighting"
        "|soft diffused lighting|flat light|bright light|gentle lighting|bright lighting|soft glow|gentle glow",
    ),
    "window_light": (
        "soft window light|morning light through a window|gentle daylight from a side window|natural window light",
        "window light|morning light|natural light|natural daylight|daylight|light through a window|light from a window"
        "|soft morning light through a window|sunlight through a window|morning sun|light through the window|side light"
        "|light from the window|soft morning light|soft natural light|natural lighting|sunlight through the window"
        "|sunlight streaming through a window|sunlight streaming through the window|light streaming through a window"
        "|soft daylight|morning sunlight|indoor light|gentle morning light|soft natural lighting|bright natural light"
        "|bright daylight|light streaming through the window|window lighting|afternoon light|window shadow|window shadows|dappled light|side lighting"
        "|soft light from a window|early morning light|natural light from a window|natural light from the window",
    ),
    "golden_hour": (
        "golden hour light|warm sunset light|late golden sunlight|a golden evening glow",
        "golden hour|sunset|sunrise|golden light|sunset light|evening sun|low sun|golden sunlight|sunset glow|dusk|dawn"
        "|warm sunlight|late afternoon sun|golden glow|evening light|golden sun|setting sun|golden evening light"
        "|warm golden light|warm evening light|golden hour sunlight|golden hour lighting|golden rays|warm sun|twilight"
        "|late afternoon light|golden sunset|golden hour glow|warm afternoon light|warm golden sunlight|golden sunset light"
        "|warm golden hour light|warm afternoon sun|sunrise light|autumn light|golden morning light|warm golden glow|amber light|amber glow",
    ),
    "night_neon": (
        "neon light at night|a neon glow|colourful neon lighting",
        "glowing neon signs|glowing neon|neon|neon lights|neon light|neon lighting|nightclub|neon sign|cyberpunk|neon signs|club lights|disco lights"
        "|neon night|led glow|colorful neon lighting|colourful neon lights|colorful neon lights|vibrant neon lights"
        "|neon tubes|rgb lighting|rgb lights|disco light|neon lights at night|futuristic lighting|electric glow",
    ),
    "spotlight": (
        "a single spotlight|a focused spotlight from above|dramatic spot lighting|a theatrical spotlight",
        "spotlight|spotlights|spot light|stage light|stage lights|dramatic light|dramatic lighting|beam of light|spot lighting"
        "|dramatic spotlight|focused light|beams of light|stage lighting|theatrical light|low key lighting|low key light"
        "|dramatic studio lighting|chiaroscuro|single beam|overhead light|moody lighting|dark lighting|moody light"
        "|cinematic lighting|cinematic light|contrast lighting|dramatic shadows|overhead lighting|focused beam",
    ),
    "candlelight": (
        "warm candlelight|flickering candlelight|a cosy candle glow",
        "candlelight|candle light|candle glow|firelight|fireplace|fire|candlelit|glow of candles|light of candles|fire light"
        "|cozy candle glow|cosy candlelight|cozy candlelight|romantic lighting|lantern light|warm candle light|bonfire|campfire"
        "|flickering light|soft candlelight|fireside|candle lit|romantic candlelight|warm lamplight|lamplight|romantic light"
        "|glow of a fireplace|cozy fireplace|flickering firelight|hearth",
    ),
    "overcast": (
        "overcast daylight|a grey overcast light|soft cloudy light",
        "overcast|overcast light|cloudy light|cloudy day|foggy|fog|mist|misty|rainy|rain|cloudy|grey day|gray day|cloud light"
        "|rainy day|misty light|misty morning|hazy light|misty air|haze|overcast lighting|cloudy daylight|misty morning light"
        "|winter light|stormy|drizzle|hazy|muted daylight|soft overcast light|diffused daylight|foggy morning|winter daylight",
    ),
    "backlight": (
        "a glowing backlight|soft backlighting|rim light from behind|a bright halo from behind",
        "backlight|backlit|back light|backlighting|rim light|rim lighting|contre jour|back lit|back lighting|halo|silhouette light"
        "|light from behind|halo of light|sun flare|lens flare|backlit glow|sun from behind|translucent light|strong backlight"
        "|radiant backlight|god rays|sun rays from behind|glow from behind|soft backlight|ethereal glow|ethereal light",
    ),
    "hard_sun": (
        "hard sunlight|direct midday sun|bright summer sunshine|crisp sunlight",
        "hard sun|sun|sunlight|sunshine|sunny|midday sun|direct sun|direct sunlight|bright sun|bright sunlight|strong sunlight"
        "|summer sun|hard light|harsh light|noon sun|hard shadows|crisp shadows|sun rays|strong sun|bright sunshine|sunlit"
        "|summer sunlight|tropical sun|sharp shadows|harsh sunlight|harsh sun|sunbeams|noon light|brilliant sunlight|sun drenched"
        "|rays of sun|rays of sunlight|desert sun|hard shadow|high noon|sunny day|hard lighting|sunny daylight|palm shadows",
    ),
    "moonlight": (
        "cool moonlight|silvery moonlight|pale moonlight at night",
        "moonlight|moon|moon light|moonlit|moonlit night|starlight|night light|moonlit glow|midnight|light of the moon|moonbeams"
        "|pale moonlight|soft moonlight|full moon|blue moonlight|stars|starry|stargazing",
    ),
}

MOODS: Lexicon = {
    "neutral": (
        "neutral tones|a balanced neutral mood|true to life colours",
        "neutral|neutral mood|balanced mood|neutral palette|natural colours|natural colors|true to life colors|neutral colours"
        "|neutral colors|balanced colours|balanced colors|natural palette|balanced tones|neutral colour palette|monochrome"
        "|neutral color palette|true colours|natural tones|monochromatic",
    ),
    "airy": (
        "an airy mood|a light and airy feel|a bright airy atmosphere",
        "airy|light and airy|bright and airy|airy feel|airy atmosphere|dreamy|ethereal|serene|fresh mood|weightless|breezy|scandinavian|nordic|japandi"
        "|high key|dreamy mood|airy tones|fresh and airy|fresh and clean|serene mood|calm mood|bright and clean|serene atmosphere"
        "|bright mood|fresh feel|tranquil|calming|peaceful|dreamy atmosphere|tranquil atmosphere|serenity|zen|airiness",
    ),
    "moody": (
        "a moody atmosphere|dark moody tones|a dramatic mood",
        "moody|dark|dramatic|mysterious|dark mood|moody tones|dramatic atmosphere|low key|dark and moody|moody feel|dramatic tones"
        "|mysterious mood|intimate mood|cinematic mood|cinematic|noir|dark tones|mystery|gothic|brooding|dramatic feel|mystical"
        "|dark atmosphere|mysterious atmosphere|sultry|moody mood|cinematic atmosphere|intense|enigmatic|drama|high contrast",
    ),
    "warm": (
        "a warm mood|warm cosy tones|a warm inviting feel",
        "warm|cosy|cozy|warm tones|inviting|cosy mood|cozy mood|warm atmosphere|warm and inviting|warm and cosy|warm and cozy"
        "|warmth|homely|festive|festive mood|romantic|warm colours|warm colors|warm palette|cosy atmosphere|cozy atmosphere"
        "|romantic mood|autumnal|festive atmosphere|inviting atmosphere|warm cozy tones|warm feel|welcoming|nostalgic|hygge"
        "|romantic atmosphere|warm inviting atmosphere|cozy feel|cosy feel|coziness|cosiness|intimate|homey|warm hues|autumn"
        "|warm inviting mood|fall|comforting|vintage|sunny mood|warm ambience|warm ambiance|warm glow|warm light|warm lighting"
        "|soft warm light|soft warm lighting|warm ambient light|warm soft light|warm ambient lighting|christmas|valentine|valentines day",
    ),
    "cool": (
        "cool tones|a cool crisp mood|icy cool hues",
        "cool|icy|cool mood|crisp|cold|chilly|wintry|winter|cool palette|cool colours|cool colors|cold tones|frosty|cool hues"
        "|crisp mood|cool and crisp|futuristic|refreshing|cool atmosphere|frozen|cool blue tones|icy tones|cool light|winter mood"
        "|cool feel|high tech|technological|tech|cool lighting|cold light|blue tones|futuristic mood|cold mood|arctic|cool crisp tones|blue light|blue lighting",
    ),
    "pastel": (
        "pastel tones|a soft pastel palette|dreamy pastel hues",
        "pastel|pastels|pastel colours|pastel colors|pastel palette|pastel hues|candy colours|candy colors|soft pastel tones|sweet mood"
        "|soft pastels|pastel shades|soft colours|soft colors|pastel mood|playful pastel tones|soft hues|pastel colour palette"
        "|pastel color palette|delicate tones|soft tones|whimsical|candy|cute|soft pastel colours|soft pastel colors|spring",
    ),
    "vivid": (
        "vivid colours|a vibrant energetic mood|bold saturated colours",
        "vivid|vibrant|bold|bold colours|bold colors|vivid colors|saturated|saturated colours|saturated colors|colourful|colorful"
        "|energetic|playful|lively|bright colours|bright colors|vibrant colours|vibrant colors|punchy|pop art|dynamic|vibrant tones"
        "|rich colours|rich colors|vivid mood|vibrant mood|bold saturated colors|energetic mood|summery|summer|cheerful|joyful|fun"
        "|bold tones|energy|joyous|bold and vibrant|exciting|vivid tones|vivid hues|vibrant hues|dynamic mood|lively mood|rich tones"
        "|playful mood|playful atmosphere|lively atmosphere|energetic atmosphere|festive colours|festive colors",
    ),
    "earthy": (
        "earthy tones|a natural earthy mood|muted earthy hues",
        "earthy|earth tones|rustic|organic|earthy colours|earthy colors|earthy mood|earthy palette|natural mood|earthy hues|boho"
        "|bohemian|rustic mood|muted tones|organic mood|terracotta tones|earthy feel|rustic charm|rustic feel|muted colours|earth"
        "|muted colors|wabi sabi|rustic atmosphere|muted earth tones|natural feel|muted earthy tones|earthy atmosphere|raw|rugged",
    ),
}

BLURS: Lexicon = {
    "none": (
        "everything in sharp focus|a crisp detailed background|deep focus",
        "sharp background|sharp focus|all in focus|no blur|no bokeh|sharp details|sharp throughout|large depth of field|in sharp focus"
        "|everything in focus|deep depth of field|crisp background|crisp details|tack sharp|sharp|detailed background|no background blur"
        "|without blur|not blurred|great depth of field|sharply focused|crisp focus|wide depth of field",
    ),
    "soft": (
        "a softly blurred background|gentle background blur|a slightly blurred background",
        "soft blur|soft focus|shallow depth of field|slight blur|blurred background|blurred|out of focus|softly blurred|gently blurred"
        "|gentle blur|soft bokeh|blurry background|depth of field|background blur|bokeh|blur|subtle blur|slightly blurred|gentle bokeh"
        "|slightly out of focus|softly out of focus|defocused|soft background blur|selective focus|blurry|subtle bokeh|soft background"
        "|gently blurred background|out of focus background|background out of focus|softly focused|bokeh background|bokeh effect"
        "|background softly blurred|soft depth of field|background is blurred|background is softly blurred",
    ),
    "strong": (
        "a strongly blurred background|creamy bokeh|a heavily blurred background",
        "strong blur|heavy blur|strong bokeh|heavily blurred|strongly blurred|very shallow depth of field|heavy bokeh|dreamy bokeh"
        "|extremely shallow depth of field|completely blurred|completely out of focus|very blurry background|thick bokeh|strong background blur"
        "|deeply blurred background|very blurred background|macro blur|extreme blur|beautiful bokeh|ultra shallow depth of field",
    ),
}
