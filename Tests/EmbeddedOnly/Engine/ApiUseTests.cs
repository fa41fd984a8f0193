using System.Reflection;
using System.Reflection.Emit;
using Akka.Actor;
using Flyscan.Actors.Scans;
using Flyscan.Host.Composition;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

/// <summary>
/// What Actors, Host and the tests use of the engine is what Akka.NET has: read from their compiled code, so that nothing which only our
/// engine accepts (its internals, which the tests can see, among it) gets in.
/// </summary>
public sealed class ApiUseTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private const string Apart = "Flyscan.Tests.EmbeddedOnly";

    private static readonly OpCode[] Codes =
        [.. typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (OpCode)f.GetValue(null)!)];

    private static readonly Dictionary<short, OpCode> ByValue = Codes.ToDictionary(code => code.Value);

    [SharedFact]
    public void Actors_host_and_tests_use_only_what_Akka_has()
    {
        var listing = ApiListing.Read(SharedData.PathOf("reference/akka-api.txt"));
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var assembly in new[] { typeof(ScanSupervisor).Assembly, typeof(EngineConfiguration).Assembly, GetType().Assembly })
        {
            foreach (var type in assembly.GetTypes().Where(t => t.Namespace?.StartsWith(Apart, StringComparison.Ordinal) != true))
                wrong.UnionWith(Wrong(type, listing));
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    [SharedFact]
    public void Use_of_the_engine_s_own_parts_is_found()
    {
        var listing = ApiListing.Read(SharedData.PathOf("reference/akka-api.txt"));

        var wrong = Wrong(typeof(Planted), listing).ToArray();

        Assert.Contains(wrong, line => line.EndsWith("Akka.Actor.ActorSystemImpl", StringComparison.Ordinal));
        Assert.Contains(wrong, line => line.Contains(" uses Akka.Actor.Props: ", StringComparison.Ordinal));
        Assert.Contains(wrong, line => line.Contains(" uses Akka.Event.LoggingBus: ", StringComparison.Ordinal));
        Assert.DoesNotContain(wrong, line => line.EndsWith("uses Akka.Actor.ActorSystem", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Wrong(Type type, IReadOnlyDictionary<string, ListedType> listing) =>
        from member in Uses(type).Distinct()
        let problem = Problem(member, listing)
        where problem is not null
        select $"{type.FullName} uses {problem}";

    private static string? Problem(MemberInfo used, IReadOnlyDictionary<string, ListedType> listing)
    {
        var member = used is Type { IsGenericType: true } made ? made.GetGenericTypeDefinition() : Definition(used);
        var type = member as Type ?? member.DeclaringType;
        if (type is null || !ApiParityTests.Assemblies.Contains(type.Assembly))
            return null;
        type = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        var name = ApiListing.FullName(type);
        if (!ApiListing.Visible(type) || !ApiParityTests.IsAkka(type))
            return name;
        var isNamedOnly = ApiParityTests.NamedOnly.Contains(name);
        if (member is Type)
            return isNamedOnly || listing.ContainsKey(name) ? null : name;
        if (typeof(Delegate).IsAssignableFrom(type) || type.IsEnum || (member is MethodBase plain && IsEveryObjects(plain)))
            return null;
        if (!ApiListing.Visible(member))
            return $"{name}: {member.Name}, which is internal";
        var line = ApiListing.Member(member);
        return isNamedOnly || listing[name].Members.Contains(line) ? null : $"{name}: {line}";
    }

    /// <summary>What is declared: no type arguments filled in, and the property in place of its accessors.</summary>
    private static MemberInfo Definition(MemberInfo member)
    {
        if (member is Type or { DeclaringType: null } or { DeclaringType.IsArray: true })
            return member;
        var open = member.DeclaringType!.IsGenericType ? member.DeclaringType.GetGenericTypeDefinition() : member.DeclaringType;
        var found = open.GetMembers(All).First(m => m.MetadataToken == member.MetadataToken);
        return found is MethodInfo { IsSpecialName: true } accessor
            ? open.GetProperties(All).FirstOrDefault(p => p.GetMethod == accessor || p.SetMethod == accessor) ?? found
            : found;
    }

    private static bool IsEveryObjects(MethodBase method) =>
        !ApiListing.Listed(method) && !method.IsConstructor;

    private static IEnumerable<MemberInfo> Uses(Type type)
    {
        var types = new List<Type?> { type.BaseType };
        types.AddRange(type.GetInterfaces());
        types.AddRange(type.GetFields(All).Select(field => field.FieldType));
        var members = new List<MemberInfo>();
        foreach (var method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
        {
            types.AddRange(method.GetParameters().Select(parameter => parameter.ParameterType));
            types.Add((method as MethodInfo)?.ReturnType);
            if (method.GetMethodBody() is not { } body)
                continue;
            types.AddRange(body.LocalVariables.Select(local => local.LocalType));
            members.AddRange(InCode(method, body.GetILAsByteArray()!));
        }

        return members.Concat(types.OfType<Type>().SelectMany(Parts));
    }

    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.HasElementType)
            return Parts(type.GetElementType()!);
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Prepend(type) : [type];
    }

    private static IEnumerable<MemberInfo> InCode(MethodBase method, byte[] code)
    {
        var types = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var arguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            var operation = ByValue[value];
            at += operation.Size;
            if (operation.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType
                or OperandType.InlineTok)
                yield return method.Module.ResolveMember(BitConverter.ToInt32(code, at), types, arguments)!;
            at += Size(operation.OperandType, code, at);
        }
    }

    private static int Size(OperandType operand, byte[] code, int at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
        _ => 4,
    };

    private static class Planted
    {
        internal static string NameOf(ActorSystem system) => ((ActorSystemImpl)system).NextTempPath().Name;

        internal static object? InternalsOf(ActorSystem system) => (object?)Props.None.Dispatcher ?? system.EventStream.LogLevel;
    }
}
