using System.Globalization;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A column of a table, as the box tells of it. Labels: of an enumeration; empty for a number.</summary>
internal sealed record PandAIocColumn(string Name, int Low, int Bits, bool IsSigned, IReadOnlyList<string> Labels)
{
    /// <summary>Reads a line such as <c>19:16 TRIGGER enum</c>.</summary>
    public static PandAIocColumn? Parse(string line) =>
        line.Split(' ', ':') is [var high, var low, { Length: > 0 } name, var type, ..]
        && int.TryParse(high, CultureInfo.InvariantCulture, out var last) && int.TryParse(low, CultureInfo.InvariantCulture, out var first)
        && first >= 0 && last >= first && last / 32 == first / 32
            ? new(name, first, last - first + 1, type == "int", [])
            : null;
}

/// <summary>A field of a block, with all that records need to know of it.</summary>
/// <remarks>Labels: of an enumeration, or of what can be captured of the field. Columns, RowWords: of a table.</remarks>
internal sealed record PandAIocField(PandAFieldInfo Info)
{
    public IReadOnlyList<string> Labels { get; init; } = [];

    public IReadOnlyList<PandAIocColumn> Columns { get; init; } = [];

    public int RowWords { get; init; } = 1;

    public string Subtype => Info.Subtype.Split(' ')[0];
}

/// <summary>The blocks of one kind. Fields: in the order of their numbers.</summary>
internal sealed record PandAIocBlock(string Name, int Count, IReadOnlyList<PandAIocField> Fields)
{
    /// <summary>Names of the blocks; without a number where there is one.</summary>
    public IEnumerable<string> Instances => Count == 1 ? [Name] : Enumerable.Range(1, Count).Select(n => $"{Name}{n}");
}

/// <summary>Asks a box what it consists of, in four rounds.</summary>
internal sealed class PandAIocBox(PandAIocBoxLine line)
{
    /// <summary>Asks; gives null where the box is lost meanwhile.</summary>
    public void Ask(Action<IReadOnlyList<PandAIocBlock>?> told) => line.Ask([PandACommand.Get("*BLOCKS")], replies =>
    {
        if (replies is null)
            told(null);
        else
            AskFields([.. Lines(replies[0]).Select(PandABlockCount.Parse).OfType<PandABlockCount>().Where(b => b.Count > 0)], told);
    });

    private static IReadOnlyList<string> Lines(PandAReply reply) => reply is PandAReply.Lines lines ? [.. lines.Items] : [];

    private static string First(PandAIocBlock block) => block.Instances.First();

    private void AskFields(PandABlockCount[] blocks, Action<IReadOnlyList<PandAIocBlock>?> told) =>
        line.Ask([.. blocks.Select(b => PandACommand.Get($"{b.Name}.*"))], replies =>
        {
            if (replies is null)
                told(null);
            else
                AskDetails(
                    [
                        .. blocks.Select((block, i) => new PandAIocBlock(
                            block.Name, block.Count,
                            [
                                .. Lines(replies[i]).Select(PandAFieldInfo.Parse).OfType<PandAFieldInfo>()
                                    .OrderBy(f => f.Index).Select(f => new PandAIocField(f)),
                            ])),
                    ],
                    told);
        });

    /// <summary>Labels, and what tables consist of.</summary>
    private void AskDetails(IReadOnlyList<PandAIocBlock> blocks, Action<IReadOnlyList<PandAIocBlock>?> told)
    {
        var commands = new List<PandACommand>();
        var takes = new Dictionary<(string Block, string Field), Func<PandAReply[], PandAIocField, PandAIocField>>();
        foreach (var block in blocks)
            foreach (var field in block.Fields)
            {
                var (name, at) = ($"{First(block)}.{field.Info.Name}", commands.Count);
                if (field.Info.Kind == "table")
                {
                    commands.AddRange([PandACommand.Get($"{name}.FIELDS"), PandACommand.Get($"{name}.ROW_WORDS")]);
                    takes[(block.Name, field.Info.Name)] = (replies, f) => f with
                    {
                        Columns = [.. Lines(replies[at]).Select(PandAIocColumn.Parse).OfType<PandAIocColumn>()],
                        RowWords = replies[at + 1] is PandAReply.Value value && PandAText.TryWhole(value.Text, out var words)
                            ? (int)words
                            : 1,
                    };
                }
                else if (Enumeration(field) is { } attribute)
                {
                    commands.Add(PandACommand.Get($"*ENUMS.{name}{attribute}"));
                    takes[(block.Name, field.Info.Name)] = (replies, f) => f with { Labels = Lines(replies[at]) };
                }
            }
        line.Ask(commands, replies =>
        {
            if (replies is null)
                told(null);
            else
                AskColumns([.. blocks.Select(block => Filled(block, f => takes.TryGetValue((block.Name, f.Info.Name), out var take)
                    ? take(replies, f)
                    : f))], told);
        });
    }

    /// <summary>What of a field has labels; null for none.</summary>
    private static string? Enumeration(PandAIocField field) => field.Info.Kind switch
    {
        "pos_out" or "ext_out" => ".CAPTURE",
        "param" or "read" or "write" when field.Subtype == "enum" => "",
        _ => null,
    };

    private static PandAIocBlock Filled(PandAIocBlock block, Func<PandAIocField, PandAIocField> fill) =>
        block with { Fields = [.. block.Fields.Select(fill)] };

    /// <summary>Labels of the columns that are not numbers; what is none has no labels, and the box says so.</summary>
    private void AskColumns(IReadOnlyList<PandAIocBlock> blocks, Action<IReadOnlyList<PandAIocBlock>?> told)
    {
        var columns = (from block in blocks
                       from field in block.Fields
                       from column in field.Columns
                       select (Block: block.Name, Field: field.Info.Name, Column: column.Name, Full: $"{First(block)}.{field.Info.Name}"))
            .ToList();
        line.Ask([.. columns.Select(c => PandACommand.Get($"*ENUMS.{c.Full}[].{c.Column}"))], replies =>
        {
            if (replies is null)
            {
                told(null);
                return;
            }
            var labels = columns.Zip(replies).ToDictionary(p => (p.First.Block, p.First.Field, p.First.Column), p => Lines(p.Second));
            told(
            [
                .. blocks.Select(block => Filled(block, field => field with
                {
                    Columns =
                    [
                        .. field.Columns.Select(c => c with { Labels = labels[(block.Name, field.Info.Name, c.Name)] }),
                    ],
                })),
            ]);
        });
    }
}
