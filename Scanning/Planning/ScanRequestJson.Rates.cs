using System.Text.Json;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <content>Rates of detectors: <c>{"cam": 3, "slow": "1/4"}</c>.</content>
public static partial class ScanRequestJson
{
    private static EquatableArray<RatedDetector> ReadRates(JsonObject json)
    {
        if (Present(json, "rates") is not { } element)
            return [];
        var rates = new List<RatedDetector>();
        foreach (var (name, value) in new JsonObject(element, "rates", "an object of detectors and their rates").Members)
        {
            var text = value.ValueKind == JsonValueKind.String ? JsonObject.AsText(value, $"rates.{name}") : value.GetRawText();
            if (!DetectorRate.TryParse(text, out var rate))
                throw new SpecException(
                    $"is {JsonObject.Show(value)}, but must be a whole number of frames a frame, or \"1/n\" for one in n frames, "
                    + $"n up to {DetectorRate.Most}",
                    $"rates.{name}");
            rates.Add(new RatedDetector(name, rate));
        }
        return rates.ToEquatableArray();
    }

    private static void WriteRates(Utf8JsonWriter json, EquatableArray<RatedDetector> rates)
    {
        if (rates.Count == 0)
            return;
        json.WriteStartObject("rates");
        foreach (var (detector, rate) in rates)
        {
            if (rate.Divide == 1)
                json.WriteNumber(detector, rate.Multiple);
            else
                json.WriteString(detector, rate.ToString());
        }
        json.WriteEndObject();
    }
}
